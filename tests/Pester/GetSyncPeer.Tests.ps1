BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    New-Transcript "$($box.Transcripts)/a.jsonl"
    $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
    $null = Invoke-ArtifactSync $box.Share -ArchivePath $box.Archive -Initialize -OriginId alpha-0a1b2c
    $null = Invoke-ArtifactSync $box.Share -ArchivePath $box.Other -Initialize -OriginId bravo-3d4e5f
}

Describe 'Get-SyncPeer' {
    It 'tells of each origin that an archive knows' {
        $peers = Get-SyncPeer -ArchivePath $box.Other
        $peers.Origin | Should -Be 'alpha-0a1b2c', 'bravo-3d4e5f'
        $peers[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncPeer'
        $peers[0].IsLocal | Should -BeFalse
        $peers[0].Status | Should -Be 'InSync'
        $peers[0].PublishedSessions, $peers[0].LocalSessions, $peers[0].CheckpointSequence, $peers[0].Conflicts | Should -Be 1, 1, 1, 0
        $peers[0].LastPublished | Should -Not -BeNullOrEmpty
        $peers[1].IsLocal | Should -BeTrue
    }

    It 'shows what is still to be published' {
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $own = Get-SyncPeer -ArchivePath $box.Archive | Where-Object IsLocal
        $own.Status | Should -Be 'Pending'
        $own.LocalSessions, $own.PublishedSessions | Should -Be 2, 1
    }

    It 'changes nothing' {
        $before = Get-TreeState $box.Other
        $null = Get-SyncPeer -ArchivePath $box.Other
        Get-TreeState $box.Other | Should -Be $before
    }

    It 'reads well as a table and as JSON' {
        Get-SyncPeer -ArchivePath $box.Other | Format-Table | Out-String | Should -Match 'bravo-3d4e5f \(this\)'
        (Get-SyncPeer -ArchivePath $box.Other | ConvertTo-Json | ConvertFrom-Json)[0].Origin | Should -Be 'alpha-0a1b2c'
    }

    It 'lists listeners of this session, of one archive with -ArchivePath' {
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/
        try {
            (Get-SyncPeer -Listener).ListenerId | Should -Be $p.ListenerId
            (Get-SyncPeer -Listener -ArchivePath $box.Archive).Uri | Should -Be $p.Uri
            Get-SyncPeer -Listener -ArchivePath $box.Other | Should -BeNullOrEmpty
            Get-SyncPeer -Listener | Format-Table | Out-String | Should -Match 'open'
        }
        finally { Stop-SyncPeer $p }
        Get-SyncPeer -Listener | Should -BeNullOrEmpty
    }

    It 'names an archive that is not there' {
        Assert-Error (Get-Failure { Get-SyncPeer -ArchivePath "$($box.Root)/none" }) ArchiveNotFound GetSyncPeerCommand ObjectNotFound "$($box.Root)/none"
    }
}
