BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/GitLab.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $gitlab = Start-FakeGitLab '--issues', '3'
    $null = Invoke-ArtifactSync -Project group/app -Issue 1, 2, 3 -MergeRequest 12 -GitLabUri $gitlab.Url
}
AfterAll {
    Stop-FakeGitLab $gitlab
    $env:ARTIFACTSYNC_ARCHIVE = $null
}

Describe 'Get-TrackedIssue' {
    It 'returns every issue, without notes' {
        $issues = Get-TrackedIssue
        $issues.Count | Should -Be 3
        $issues[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.TrackedIssue'
        $issues[0].NoteCount | Should -Be 2
        @($issues[0].Notes).Count | Should -Be 0
    }

    It 'reads notes and events when asked' {
        $issue = Get-TrackedIssue -Project group/app -Iid 2 -IncludeNote -IncludeEvent
        $issue.Notes.Count | Should -Be 2
        $issue.Notes[0].Body | Should -Match 'Note 0 of issue 2'
        $issue.Events[0].Subject | Should -Be bug
        $issue.EntityType | Should -Be issue
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'project'; Filter = @{ Project = 'group/*' }; Count = 3 }
        @{ Name = 'another project'; Filter = @{ Project = 'none/*' }; Count = 0 }
        @{ Name = 'state'; Filter = @{ State = 'opened' }; Count = 3 }
        @{ Name = 'other state'; Filter = @{ State = 'closed' }; Count = 0 }
        @{ Name = 'label'; Filter = @{ Label = 'bug' }; Count = 3 }
        @{ Name = 'other label'; Filter = @{ Label = 'bu' }; Count = 0 }
        @{ Name = 'date'; Filter = @{ Since = '2024-09-27T00:00:00Z' }; Count = 3 }
        @{ Name = 'later date'; Filter = @{ Since = '2024-09-28T00:00:00Z' }; Count = 0 }
        @{ Name = 'first'; Filter = @{ First = 2 }; Count = 2 }
    ) { @(Get-TrackedIssue @Filter).Count | Should -Be $Count }

    It 'reports a number that is not there and returns the others' {
        (Get-TrackedIssue -Iid 1, 99 -ErrorAction SilentlyContinue -ErrorVariable failure).Iid | Should -Be 1
        Assert-Error $failure NotFound GetTrackedIssueCommand ObjectNotFound 99
    }

    It 'takes documents from the pipeline' { (Find-ArchiveDocument '"line 3"' | Get-TrackedIssue).Iid | Should -Be 3 }

    It 'shows a table, also after remoting' {
        $all = Get-TrackedIssue -IncludeNote
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($all))
        ($there | Out-String -Width 200) | Should -Be ($all | Out-String -Width 200)
        $there[0].Notes[0].Body | Should -Be $all[0].Notes[0].Body
        $null = $all | ConvertTo-Json -Depth 4 -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'writes nothing' {
        $before = Get-TreeState $box.Root
        $null = Get-TrackedIssue -IncludeNote
        Get-TreeState $box.Root | Should -Be $before
    }
}
