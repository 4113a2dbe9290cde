BeforeAll {
    . $PSScriptRoot/Common.ps1
    $token = ConvertTo-SecureString 'token-of-the-watch' -AsPlainText -Force
}

Describe 'Invoke-ArtifactSync -Watch' {
    BeforeEach {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
    }

    It 'exchanges at once, then when a transcript comes, and says nothing in between' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript(@"
Import-Module '$ModulePath'
Invoke-ArtifactSync '$($box.Share)' -Path '$($box.Transcripts)' -Initialize -Watch -Interval 1h -Debounce 100ms -ArchivePath '$($box.Archive)'
"@.Replace('100ms', '00:00:00.1'))
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $null = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $output.Count -ge 1 }
        New-Transcript "$($box.Transcripts)/b.jsonl" -Text 'Another session'
        Wait-Until { $output.Count -ge 2 }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 2
        $shell.Dispose()
        $output.Count | Should -Be 2
        $output[0].Counters.Published, $output[1].Counters.Published | Should -Be 1, 1
        $output.Status | Should -Be Succeeded, Succeeded
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
        # Runs that found nothing to do left no row.
        @(Get-SyncRun -Kind Exchange -ArchivePath $box.Archive).Where{ "$($_.Status)" -ne 'Aborted' }.Count | Should -Be 2
    }

    It 'keeps a target in step while another one can not be reached' {
        $bad = Get-BadTarget watch
        $runs = Invoke-ArtifactSync $box.Share, $bad -Path $box.Transcripts -Watch -Interval 1s -ArchivePath $box.Archive -ErrorAction SilentlyContinue |
            Select-Object -First 2
        $runs.Where{ $_.Target -eq $box.Share }.Count | Should -BeGreaterOrEqual 1
    }

    It 'plans with -WhatIf and ends' {
        $before = Get-TreeState $box.Root
        $run = Invoke-ArtifactSync $box.Share -Watch -ArchivePath $box.Archive -WhatIf
        "$($run.Status)" | Should -Be Planned
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'refuses -Interval <_>' -ForEach '00:00:00.5', '60d' {
        $failure = Get-Failure { Invoke-ArtifactSync $box.Share -Watch -Interval $_ -ArchivePath $box.Archive }
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidArgument,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
    }
}

Describe 'One token and several servers' {
    BeforeEach { $box = New-Sandbox }

    It 'refuses before any request' {
        $failure = Get-Failure { Invoke-ArtifactSync http://127.0.0.1:9/, $box.Share, http://127.0.0.1:10/ -Token $token -ArchivePath $box.Archive }
        Assert-Error $failure AmbiguousCredential InvokeArtifactSyncCommand InvalidArgument 'http://127.0.0.1:10'
        Test-Path $box.Archive | Should -BeFalse
        $failure = Get-Failure { 'http://127.0.0.1:9/', 'http://127.0.0.1:10/' | Invoke-ArtifactSync -Token $token -ArchivePath $box.Archive }
        $failure.FullyQualifiedErrorId | Should -BeLike 'AmbiguousCredential,*'
    }

    It 'refuses it for runs of several servers' {
        $null = Get-Failure { Invoke-ArtifactSync http://127.0.0.1:9/ -ArchivePath $box.Archive }
        $null = Get-Failure { Invoke-ArtifactSync http://127.0.0.1:10/ -ArchivePath $box.Archive }
        @(Get-SyncRun -Retryable -ArchivePath $box.Archive).Count | Should -Be 2
        $failure = Get-Failure { Get-SyncRun -Retryable -ArchivePath $box.Archive | Invoke-ArtifactSync -RetryFailed -Token $token }
        $failure.FullyQualifiedErrorId | Should -BeLike 'AmbiguousCredential,*'
    }

    It 'refuses an address with a password before anybody sees it' {
        $failure = Get-Failure { Invoke-ArtifactSync https://alice:secret@example.org/ -ArchivePath $box.Archive -WhatIf }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidTarget,*'
        "$failure $($failure.TargetObject)" | Should -Not -Match secret
    }
}
