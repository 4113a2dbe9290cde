BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-MemoryExport "$($box.Root)/in.json" -Title 'Retry budget'
    $null = Import-ArchiveMemory "$($box.Root)/in.json"
    $web = Add-ArchiveMemory 'Login' 'The login bug' -Project web -Type bugfix
    $gone = Add-ArchiveMemory 'Gone' 'Deleted' -Project web
    Remove-ArchiveMemory $gone.SyncId
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-ArchiveMemory' {
    It 'returns what is not deleted, the last changed first' {
        $all = Get-ArchiveMemory
        $all.Title | Should -Be 'Login', 'Retry budget'
        $all[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.ArchiveMemory'
        $all | ConvertTo-Json | Should -Match 'Retry budget'
        ($all | Out-String) | Should -Match 'Retry budget'
    }

    It 'finds by id, by parameter and by pipeline' {
        (Get-ArchiveMemory -SyncId $web.SyncId).Title | Should -Be 'Login'
        ($web | Get-ArchiveMemory).Title | Should -Be 'Login'
        ($web.SyncId | Get-ArchiveMemory).Title | Should -Be 'Login'
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'project'; Filter = @{ Project = 'd*' }; Count = 1 }
        @{ Name = 'type'; Filter = @{ Type = 'bug*' }; Count = 1 }
        @{ Name = 'date'; Filter = @{ Since = '2026-04-28' }; Count = 1 }
        @{ Name = 'text'; Filter = @{ Query = 'retry budget' }; Count = 1 }
        @{ Name = 'text of a deleted one'; Filter = @{ Query = 'gone' }; Count = 0 }
        @{ Name = 'text of a deleted one, included'; Filter = @{ Query = 'gone'; IncludeDeleted = $true }; Count = 1 }
        @{ Name = 'deleted'; Filter = @{ IncludeDeleted = $true }; Count = 3 }
        @{ Name = 'first'; Filter = @{ First = 1 }; Count = 1 }
    ) {
        @(Get-ArchiveMemory @Filter).Count | Should -Be $Count
    }

    It 'survives any query text' -ForEach '"', 'a AND', '(', '*', "it's", 'a "b', 'NEAR(', ':' {
        { Get-ArchiveMemory -Query $_ -ErrorAction Stop } | Should -Not -Throw
    }

    It 'shows where the match is' { (Get-ArchiveMemory -Query budget).Snippet | Should -Match '«' }

    It 'reports ids that are missing or deleted, and returns the others' {
        $found = Get-ArchiveMemory obs-none, $web.SyncId -ErrorAction SilentlyContinue -ErrorVariable failure
        $found.Title | Should -Be 'Login'
        Assert-Error $failure MemoryNotFound GetArchiveMemoryCommand ObjectNotFound obs-none
        $null = Get-ArchiveMemory $gone.SyncId -ErrorAction SilentlyContinue -ErrorVariable failure
        @($failure)[0].Exception.Message | Should -Match 'deleted'
    }

    It 'completes ids, projects and types' {
        # A key press has 100 ms; on a busy machine the first ones may come too late.
        foreach ($case in @('-Project w', 'web'), @('-Type bug', 'bugfix'), @('-SyncId obs-0', 'obs-00000000000000a1')) {
            Wait-Until { @(Get-Completion "Get-ArchiveMemory $($case[0])").Where{ $_ }.Count -gt 0 }
            (Get-Completion "Get-ArchiveMemory $($case[0])").CompletionText | Should -Contain $case[1]
        }
    }
}
