BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $memory = Add-ArchiveMemory 'One' 'First text' -Project demo -TopicKey topic
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Set-ArchiveMemory' {
    It 'changes what is given and nothing else' {
        $set = Set-ArchiveMemory $memory.SyncId -Title 'Two' -Type pattern -PassThru
        $set.Title, $set.Type, $set.Content, $set.TopicKey, $set.RevisionCount | Should -Be 'Two', 'pattern', 'First text', 'topic', 2
        Get-ArchiveMemory -Query first | Should -HaveCount 1
        $set = $memory | Set-ArchiveMemory -Content 'Second text' -TopicKey '' -Project web -Scope personal -PassThru
        $set.Content, $set.TopicKey, $set.Project, $set.Scope | Should -Be 'Second text', $null, 'web', 'personal'
        Get-ArchiveMemory -Query first | Should -BeNullOrEmpty
    }

    It 'is silent without -PassThru and does nothing when nothing changes' {
        $before = Get-ArchiveMemory $memory.SyncId
        Set-ArchiveMemory $memory.SyncId -Title $before.Title | Should -BeNullOrEmpty
        (Get-ArchiveMemory $memory.SyncId).RevisionCount | Should -Be $before.RevisionCount
    }

    It 'brings a deleted one back' {
        Remove-ArchiveMemory $memory.SyncId
        Set-ArchiveMemory $memory.SyncId -Title 'x' -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure MemoryNotFound SetArchiveMemoryCommand ObjectNotFound $memory.SyncId
        (Set-ArchiveMemory $memory.SyncId -Deleted $false -PassThru).IsDeleted | Should -BeFalse
    }

    It 'writes nothing with -WhatIf' {
        $before = Get-TreeState $box.Archive
        Set-ArchiveMemory $memory.SyncId -Title 'Planned' -WhatIf
        Get-TreeState $box.Archive | Should -Be $before
    }

    It 'reports the missing ones and changes the others' {
        Set-ArchiveMemory obs-none, $memory.SyncId -Title 'Both' -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure MemoryNotFound SetArchiveMemoryCommand ObjectNotFound obs-none
        (Get-ArchiveMemory $memory.SyncId).Title | Should -Be 'Both'
    }
}
