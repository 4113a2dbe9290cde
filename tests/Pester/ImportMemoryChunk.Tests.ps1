BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    function New-Case {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-MemoryExport "$($box.Root)/in.json"
        $null = Import-ArchiveMemory "$($box.Root)/in.json"
        $null = Export-MemoryChunk "$($box.Root)/.engram"
        $box
    }
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Import-MemoryChunk' {
    BeforeEach { $box = New-Case; $folder = "$($box.Root)/.engram" }

    It 'imports once' {
        $first = Import-MemoryChunk -Path $folder -ArchivePath $box.Other
        $first.Status, $first.ChunksImported, $first.ObservationsInserted, $first.PromptsInserted, $first.SessionsImported | Should -Be 'Imported', 1, 1, 1, 1
        $second = $folder | Import-MemoryChunk -ArchivePath $box.Other
        $second.Status, $second.ChunksImported, $second.ChunksSkipped | Should -Be 'Unchanged', 0, 1
    }

    It 'looks into .engram by itself, and takes folders from the pipeline' {
        Push-Location $box.Root
        try { (Import-MemoryChunk -ArchivePath $box.Other).ChunksImported | Should -Be 1 } finally { Pop-Location }
        (Get-Item $folder -Force | Import-MemoryChunk -ArchivePath $box.Other).ChunksSkipped | Should -Be 1
    }

    It 'carries edits and deletes there and back until both have the same' {
        $null = Import-MemoryChunk $folder -ArchivePath $box.Other
        Set-ArchiveMemory obs-00000000000000a1 -Title 'Edited' -ArchivePath $box.Other
        (Export-MemoryChunk $folder -ArchivePath $box.Other).Status | Should -Be 'Exported'
        $null = Import-MemoryChunk $folder
        (Get-ArchiveMemory).Title | Should -Be 'Edited'
        Remove-ArchiveMemory obs-00000000000000a1 -Permanent
        (Export-MemoryChunk $folder).Deletes | Should -Be 1
        $null = Import-MemoryChunk $folder -ArchivePath $box.Other
        Get-ArchiveMemory -IncludeDeleted -ArchivePath $box.Other | Should -BeNullOrEmpty
        (Export-MemoryChunk $folder).Status | Should -Be 'Unchanged'
        (Export-MemoryChunk $folder -ArchivePath $box.Other).Status | Should -Be 'Unchanged'
    }

    It 'writes nothing with -WhatIf' {
        (Import-MemoryChunk $folder -ArchivePath $box.Other -WhatIf).ObservationsInserted | Should -Be 1
        Test-Path $box.Other | Should -BeFalse
    }

    It 'reports a folder that is missing, and damage' {
        $null = Import-MemoryChunk "$($box.Root)/none" -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure PathNotFound ImportMemoryChunkCommand ObjectNotFound "$($box.Root)/none"
        Set-Content "$folder/manifest.json" 'not json'
        $result = Import-MemoryChunk $folder -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Status | Should -Be 'Failed'
        Assert-Error $failure MemoryChunkInvalid ImportMemoryChunkCommand InvalidData $folder
    }
}
