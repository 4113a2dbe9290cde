BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $listener = Start-SyncPeer -Uri http://127.0.0.1:0/ -ArchivePath "$($box.Root)/server"
    $target = "engram+$($listener.Uri.GetLeftPart('Authority'))"
    $null = Enable-MemoryProject my-app
    $memory = Add-ArchiveMemory -Project my-app -Title 'Use WAL' -Content 'Readers never wait' -Type decision
    $null = Invoke-ArtifactSync $target
}
AfterAll {
    $listener | Stop-SyncPeer
    $env:ARTIFACTSYNC_ARCHIVE = $null
}

Describe 'Test-MemorySync' {
    It 'is silent when all is there' {
        @(Test-MemorySync -Target $target).Count | Should -Be 0
        (Get-SyncRun -Last 1).Kind | Should -Be 'Verify'
    }

    It 'finds what another server lacks, and repairs it' {
        $empty = Start-SyncPeer -Uri http://127.0.0.1:0/ -ArchivePath "$($box.Root)/empty"
        try {
            $other = "engram+$($empty.Uri.GetLeftPart('Authority'))"
            $findings = @(Test-MemorySync -Target $other -Project my-app)
            $findings.Count | Should -BeGreaterThan 0
            $findings[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryFinding'
            $findings.Class | Should -Contain 'AbsentAcked'
            $findings.SyncId | Should -Contain $memory.SyncId
            $findings[0].RecommendedAction | Should -Not -BeNullOrEmpty
            (Get-SyncRun -RunId $findings[0].RunId).Status | Should -Be 'Partial'
        }
        finally { $empty | Stop-SyncPeer }
    }

    It 'writes nothing under -WhatIf' {
        $before = Get-TreeState $box.Archive
        $null = Test-MemorySync -Target $target -Repair -WhatIf
        Get-TreeState $box.Archive | Should -Be $before
    }

    It 'refuses plain http to another machine, and a project that is not enrolled' {
        $failure = Get-Failure { Test-MemorySync -Target engram+http://example.org }
        Assert-Error $failure TargetInsecure TestMemorySyncCommand SecurityError 'example.org'
        $failure = Get-Failure { Test-MemorySync -Target $target -Project other }
        Assert-Error $failure MemoryNotEnrolled TestMemorySyncCommand InvalidOperation 'other'
    }

    It 'reports a server that is not there' {
        $failure = Get-Failure { Test-MemorySync -Target engram+http://127.0.0.1:9 }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnreachable,ArtifactSync.Cmdlets.TestMemorySyncCommand'
        (Get-SyncRun -Last 1).ErrorCode | Should -Be 'TargetUnreachable'
    }
}
