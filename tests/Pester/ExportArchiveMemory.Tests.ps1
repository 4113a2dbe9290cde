BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-MemoryExport "$($box.Root)/in.json"
    $null = Import-ArchiveMemory "$($box.Root)/in.json"
    $null = Add-ArchiveMemory 'Other' 'Of another project' -Project web
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Export-ArchiveMemory' {
    It 'writes a document that an empty archive imports whole' {
        $export = Export-ArchiveMemory "$($box.Root)/out.json"
        $export.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryExport'
        $export.Sessions, $export.Observations, $export.Prompts | Should -Be 2, 2, 1
        $document = Get-Content "$($box.Root)/out.json" -Raw | ConvertFrom-Json
        $document.version | Should -Be '0.1.0'
        $result = Import-ArchiveMemory "$($box.Root)/out.json" -ArchivePath $box.Other
        $result.SessionsImported, $result.ObservationsInserted, $result.PromptsInserted | Should -Be 2, 2, 1
        $null = Export-ArchiveMemory "$($box.Root)/again.json" -ArchivePath $box.Other
        (Get-Content "$($box.Root)/again.json" -Raw | ConvertFrom-Json).observations.sync_id | Should -Be $document.observations.sync_id
    }

    It 'writes one project' {
        (Export-ArchiveMemory "$($box.Root)/web.json" -Project WEB).Observations | Should -Be 1
        (Export-ArchiveMemory -Path "$($box.Root)/none.json" -Project nowhere).Observations | Should -Be 0
        (Get-Content "$($box.Root)/none.json" -Raw) | Should -Match '"observations": \[\]'
    }

    It 'writes nothing with -WhatIf' {
        Export-ArchiveMemory "$($box.Root)/plan.json" -WhatIf | Should -BeNullOrEmpty
        Test-Path "$($box.Root)/plan.json" | Should -BeFalse
    }

    It 'keeps the file that is there when it cannot write' {
        $failure = Get-Failure { Export-ArchiveMemory "$($box.Root)/no/folder/out.json" }
        $failure.CategoryInfo.Category | Should -Not -Be 'NotSpecified'
        @(Get-ChildItem $box.Root -Filter *.tmp).Count | Should -Be 0
    }
}
