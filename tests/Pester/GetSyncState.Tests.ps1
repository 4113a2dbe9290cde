BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $null = Enable-MemoryProject my-app
    $null = Add-ArchiveMemory -Project my-app -Title 'Use WAL' -Content 'Readers never wait' -Type decision
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-SyncState' {
    It 'shows the server, then each project' {
        $states = @(Get-SyncState)
        $states.Count | Should -Be 2
        $states[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncState'
        $states[0].TargetKey | Should -Be 'cloud'
        $states[0].Project | Should -BeNullOrEmpty
        $states[1].Project | Should -Be 'my-app'
        $states[1].Enrolled | Should -BeTrue
        $states[0].ArchivePath | Should -Be $box.Archive
    }

    It 'takes projects by parameter, value and property' {
        (Get-SyncState -Project my-app).TargetKey | Should -Be 'cloud:my-app'
        ('my-app' | Get-SyncState).Project | Should -Be 'my-app'
        ([pscustomobject]@{ Project = 'My-App' } | Get-SyncState).Project | Should -Be 'my-app'
    }

    It 'tells after a run how far it came' {
        $listener = Start-SyncPeer -Uri http://127.0.0.1:0/ -ArchivePath $box.Other
        try {
            $target = "engram+$($listener.Uri.GetLeftPart('Authority'))"
            (Invoke-ArtifactSync $target).Status | Should -Be 'Succeeded'
            $state = @(Get-SyncState)[0]
            $state.Lifecycle | Should -Be 'healthy'
            $state.Target | Should -Be $target
            $state.Cursor | Should -BeGreaterThan 0
            $state.Pending | Should -Be 0
            $state.MemoryOrder | Should -Be 'LogOrder'
        }
        finally { $listener | Stop-SyncPeer }
    }

    It 'says why the last run failed' {
        { Invoke-ArtifactSync engram+http://127.0.0.1:9 -ErrorAction Stop } | Should -Throw
        $state = @(Get-SyncState)[0]
        $state.Lifecycle | Should -Be 'degraded'
        $state.ReasonCode | Should -Be 'transport_failed'
        $state.BackoffUntil | Should -Not -BeNullOrEmpty
    }

    It 'reads well and survives JSON' {
        (Get-SyncState | Out-String) | Should -Match 'cloud|engram'
        { Get-SyncState | ConvertTo-Json -WarningAction Stop } | Should -Not -Throw
    }

    It 'fails where no archive is' {
        $failure = Get-Failure { Get-SyncState -ArchivePath "$($box.Root)/none" }
        Assert-Error $failure ArchiveNotFound GetSyncStateCommand ObjectNotFound "$($box.Root)/none"
    }

    It 'completes projects' {
        (Get-Completion 'Get-SyncState -Project ').CompletionText | Should -Contain 'my-app'
    }
}
