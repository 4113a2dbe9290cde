BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Stop-SyncPeer' {
    AfterEach { Get-SyncPeer -Listener | Stop-SyncPeer }

    BeforeEach {
        $box = New-Sandbox
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/
    }

    It 'ends a listener, by parameter' {
        Stop-SyncPeer $p | Should -BeNullOrEmpty
        $p.Status | Should -Be 'Stopped'
        $p.StoppedAt | Should -Not -BeNullOrEmpty
        { Invoke-WebRequest "$($p.Uri)api/v1/artifacts/origins" } | Should -Throw
        Get-OpenFile $box.Archive | Should -BeNullOrEmpty
    }

    It 'ends listeners that are piped, and emits them with -PassThru' {
        $q = Start-SyncPeer -ArchivePath $box.Other -Uri http://127.0.0.1:0/
        @($p, $q | Stop-SyncPeer -PassThru).ListenerId | Should -Be $p.ListenerId, $q.ListenerId
    }

    It 'ends one by its number, also when it comes by property name' {
        [pscustomobject]@{ ListenerId = $p.ListenerId } | Stop-SyncPeer
        $p.Status | Should -Be 'Stopped'
    }

    It 'takes a stopped listener for done' {
        Stop-SyncPeer $p
        Stop-SyncPeer $p -ErrorVariable failure
        $failure | Should -BeNullOrEmpty
    }

    It 'reports a number that does not exist and stops the others' {
        Stop-SyncPeer -ListenerId 987654, $p.ListenerId -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ListenerNotFound StopSyncPeerCommand ObjectNotFound 987654
        $p.Status | Should -Be 'Stopped'
    }

    It 'leaves listeners of other archives alone with -ArchivePath' {
        Stop-SyncPeer -ListenerId $p.ListenerId -ArchivePath $box.Other -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $p.Status | Should -Be 'Listening'
    }

    It 'does nothing with -WhatIf' {
        Stop-SyncPeer $p -WhatIf
        $p.Status | Should -Be 'Listening'
    }

    It 'completes numbers' {
        (Get-Completion 'Stop-SyncPeer -ListenerId ').CompletionText | Should -Contain "$($p.ListenerId)"
    }
}
