BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $one, $two = $box.Archive, $box.Other
    $secret = 'memory-token-4711-secret'
    $token = ConvertTo-SecureString $secret -AsPlainText -Force
    $listener = Start-SyncPeer -Uri http://127.0.0.1:0/ -Token $token -ArchivePath "$($box.Root)/server"
    $target = "engram+$($listener.Uri.GetLeftPart('Authority'))"
    foreach ($archive in $one, $two) { $null = Enable-MemoryProject my-app -ArchivePath $archive }
    function Get-Content2([string] $Archive) {
        @(Get-ArchiveMemory -ArchivePath $Archive -IncludeDeleted | Sort-Object SyncId | ForEach-Object { "$($_.SyncId) $($_.Title) $($_.Content) $($_.IsDeleted)" })
    }
}
AfterAll { $listener | Stop-SyncPeer }

Describe 'Invoke-ArtifactSync with a memory server' {
    It 'lets two archives and a peer exchange edits until they are equal' {
        $a = Add-ArchiveMemory -Project my-app -Title 'From one' -Content 'first' -Type decision -ArchivePath $one
        $b = Add-ArchiveMemory -Project my-app -Title 'From two' -Content 'second' -Type bugfix -ArchivePath $two
        foreach ($round in 1..2) {
            foreach ($archive in $one, $two) {
                $run = Invoke-ArtifactSync $target -Token $token -ArchivePath $archive
                $run.Kind | Should -Be 'MemorySync'
                $run.Status | Should -Be 'Succeeded'
            }
        }
        Get-Content2 $one | Should -Be (Get-Content2 $two)
        @(Get-Content2 $one).Count | Should -Be 2

        $null = Set-ArchiveMemory -SyncId $a.SyncId -Content 'edited on two' -ArchivePath $two
        $null = Remove-ArchiveMemory -SyncId $b.SyncId -ArchivePath $one -Confirm:$false
        foreach ($round in 1..2) {
            foreach ($archive in $one, $two) { $null = Invoke-ArtifactSync $target -Token $token -ArchivePath $archive }
        }
        Get-Content2 $one | Should -Be (Get-Content2 $two)
        (Get-Content2 $one) -join ' ' | Should -Match 'edited on two'
        foreach ($archive in $one, $two) { @(Test-MemorySync -Target $target -Token $token -ArchivePath $archive).Count | Should -Be 0 }
    }

    It 'does nothing when nothing changed' {
        $run = Invoke-ArtifactSync $target -Token $token -ArchivePath $one
        $run.Counters.Sent | Should -Be 0
        $run.Counters.Received | Should -Be 0
    }

    It 'tells under -WhatIf what would be sent, and writes nothing' {
        $null = Add-ArchiveMemory -Project my-app -Title 'Waits' -Content 'x' -Type note -ArchivePath $one
        $before = Get-TreeState $one
        $plan = Invoke-ArtifactSync $target -Token $token -ArchivePath $one -WhatIf
        $plan.Status | Should -Be 'Planned'
        $plan.Counters.Sent | Should -BeGreaterThan 0
        Get-TreeState $one | Should -Be $before
    }

    It 'fails without the token, says so, and can be repeated' {
        $failure = Get-Failure { Invoke-ArtifactSync $target -ArchivePath $one }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnauthorized,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
        (Get-SyncState -ArchivePath $one)[0].ReasonCode | Should -Be 'auth_required'
        $again = Get-SyncRun -Retryable -Kind MemorySync -ArchivePath $one | Invoke-ArtifactSync -RetryFailed -Token $token -ArchivePath $one
        @($again)[-1].Status | Should -Be 'Succeeded'
    }

    It 'reads only, with -PreflightOnly' {
        $run = Invoke-ArtifactSync $target -Token $token -ArchivePath $two -PreflightOnly
        $run.Kind | Should -Be 'Preflight'
        $run.Counters.Received | Should -BeGreaterThan 0
    }

    It 'keeps the token out of everything that is written' {
        foreach ($file in Get-ChildItem $box.Root -Recurse -File -Force) {
            $content = [System.IO.File]::ReadAllBytes($file.FullName)
            foreach ($encoding in [System.Text.Encoding]::Latin1, [System.Text.Encoding]::Unicode) {
                $encoding.GetString($content).Contains($secret) | Should -BeFalse -Because $file.FullName
            }
        }
    }

    It 'refuses what is about sessions' {
        $failure = Get-Failure { Invoke-ArtifactSync $target -Token $token -Initialize -ArchivePath $one }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidArgument,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
    }
}
