BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $null = Add-ArchiveMemory 'One' 'First' -Project demo
    $null = Add-ArchiveMemory 'Two' 'Second' -Project web
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Export-MemoryChunk' {
    It 'writes nothing with -WhatIf' {
        $plan = Export-MemoryChunk "$($box.Root)/plan" -WhatIf
        $plan.Status, $plan.Observations | Should -Be 'Planned', 2
        Test-Path "$($box.Root)/plan" | Should -BeFalse
    }

    It 'writes one project, then the rest, then nothing' {
        $folder = "$($box.Root)/.engram"
        $first = Export-MemoryChunk -Path $folder -Project demo
        $first.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryChunk'
        $first.Status, $first.Observations | Should -Be 'Exported', 1
        $first.ChunkId | Should -Match '^[0-9a-f]{8}$'
        Test-Path $first.File | Should -BeTrue
        (Export-MemoryChunk $folder -Project demo).Status | Should -Be 'Unchanged'
        (Export-MemoryChunk $folder).Observations | Should -Be 1
        (Export-MemoryChunk $folder).Status | Should -Be 'Unchanged'
        @((Get-Content "$folder/manifest.json" -Raw | ConvertFrom-Json).chunks).Count | Should -Be 2
    }

    It 'refuses a directory of a newer format' {
        $folder = "$($box.Root)/newer"
        $null = New-Item $folder -ItemType Directory
        Set-Content "$folder/manifest.json" '{"version":2,"chunks":[]}'
        $result = Export-MemoryChunk $folder -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Status | Should -Be 'Failed'
        Assert-Error $failure MemoryVersionUnsupported ExportMemoryChunkCommand InvalidOperation $folder
    }
}
