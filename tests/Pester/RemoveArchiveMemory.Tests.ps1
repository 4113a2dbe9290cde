BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Remove-ArchiveMemory' {
    BeforeEach { $memory = Add-ArchiveMemory "One $(Get-Random)" "Text $(Get-Random)" }

    It 'deletes so that it can come back' {
        Remove-ArchiveMemory $memory.SyncId | Should -BeNullOrEmpty
        Get-ArchiveMemory | Where-Object SyncId -EQ $memory.SyncId | Should -BeNullOrEmpty
        $deleted = Get-ArchiveMemory $memory.SyncId -IncludeDeleted
        $deleted.IsDeleted | Should -BeTrue
        $deleted.DeletedAt | Should -Be $deleted.UpdatedAt
    }

    It 'removes for good, by pipeline' {
        ($memory | Remove-ArchiveMemory -Permanent -PassThru).SyncId | Should -Be $memory.SyncId
        Get-ArchiveMemory -IncludeDeleted | Where-Object SyncId -EQ $memory.SyncId | Should -BeNullOrEmpty
    }

    It 'writes nothing with -WhatIf' {
        $before = Get-TreeState $box.Archive
        Remove-ArchiveMemory $memory.SyncId -Permanent -WhatIf
        Get-TreeState $box.Archive | Should -Be $before
    }

    It 'reports what is missing' {
        Remove-ArchiveMemory obs-none -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure MemoryNotFound RemoveArchiveMemoryCommand ObjectNotFound obs-none
    }
}
