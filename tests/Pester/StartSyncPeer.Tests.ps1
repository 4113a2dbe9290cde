BeforeAll {
    . $PSScriptRoot/Common.ps1
    $token = ConvertTo-SecureString 'tOkEn-8f2a7c' -AsPlainText -Force
}

Describe 'Start-SyncPeer' {
    AfterEach { Get-SyncPeer -Listener | Stop-SyncPeer }

    It 'serves an archive to others, who converge with it' {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $p = Start-SyncPeer -ArchivePath $box.Other -Uri http://127.0.0.1:0/ -Token $token
        $p.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncPeerListener'
        $p.Uri.Port | Should -BeGreaterThan 0
        $p.Status | Should -Be 'Listening'

        $run = Invoke-ArtifactSync -ArchivePath $box.Archive -Target $p.Uri -Token $token -Initialize

        $run.Status | Should -Be 'Succeeded'
        @(Get-ArchiveSession -ArchivePath $box.Other).Count | Should -Be 1
        (Invoke-ArtifactSync -ArchivePath $box.Archive -Target $p.Uri -Token $token).Counters.Sent | Should -Be 0
    }

    It 'takes https with a certificate' {
        $box = New-Sandbox
        $key = [System.Security.Cryptography.RSA]::Create(2048)
        $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new(
            'CN=127.0.0.1', $key, [System.Security.Cryptography.HashAlgorithmName]::SHA256, [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([datetimeoffset]::Now.AddDays(-1), [datetimeoffset]::Now.AddDays(1))
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri https://127.0.0.1:0/ -Token $token -Certificate $certificate
        $answer = Invoke-WebRequest "$($p.Uri)api/v1/artifacts/origins" -SkipCertificateCheck -Headers @{ Authorization = 'Bearer tOkEn-8f2a7c' }
        $answer.StatusCode | Should -Be 200
        # This machine does not trust the certificate, so an exchange fails.
        $failure = Get-Failure { Invoke-ArtifactSync -ArchivePath $box.Other -Target $p.Uri -Token $token -Initialize }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnreachable,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
    }

    It 'refuses <Uri> as <Id>' -ForEach @(
        @{ Uri = 'http://0.0.0.0:0/'; Id = 'PeerTokenRequired'; Category = 'SecurityError'; Options = @{} }
        @{ Uri = 'http://0.0.0.0:0/'; Id = 'TargetInsecure'; Category = 'SecurityError'; Options = @{ Token = (ConvertTo-SecureString x -AsPlainText -Force) } }
        @{ Uri = 'https://127.0.0.1:0/'; Id = 'InvalidArgument'; Category = 'InvalidArgument'; Options = @{} }
        @{ Uri = 'http://127.0.0.1:0/x'; Id = 'InvalidArgument'; Category = 'InvalidArgument'; Options = @{} }
    ) {
        $box = New-Sandbox
        $failure = Get-Failure { Start-SyncPeer -ArchivePath $box.Archive -Uri $Uri @Options }
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,ArtifactSync.Cmdlets.StartSyncPeerCommand"
        $failure.CategoryInfo.Category | Should -Be $Category
        Test-Path $box.Archive | Should -BeFalse
        Get-SyncPeer -Listener | Should -BeNullOrEmpty
    }

    It 'says that a port is taken' {
        $box = New-Sandbox
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/
        $failure = Get-Failure { Start-SyncPeer -ArchivePath $box.Other -Uri $p.Uri }
        Assert-Error $failure AddressInUse StartSyncPeerCommand ResourceBusy $p.Uri.AbsoluteUri.TrimEnd('/')
    }

    It 'refuses to exchange with itself, and a wrong token' {
        $box = New-Sandbox
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/ -Token $token
        $failure = Get-Failure { Invoke-ArtifactSync -ArchivePath $box.Archive -Target $p.Uri -Token $token }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetIsSelf,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
        $wrong = ConvertTo-SecureString wrong -AsPlainText -Force
        $failure = Get-Failure { Invoke-ArtifactSync -ArchivePath $box.Other -Target $p.Uri -Token $wrong }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnauthorized,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
        $failure.CategoryInfo.Category | Should -Be 'AuthenticationError'
    }

    It 'only gives with -ReadOnly' {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $null = Invoke-ArtifactSync $box.Share -ArchivePath $box.Archive -Initialize
        $p = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/ -ReadOnly
        $run = Invoke-ArtifactSync -ArchivePath $box.Other -Target $p.Uri -Initialize -ErrorAction SilentlyContinue -ErrorVariable failure
        $run.Status | Should -Be 'Partial'
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'TargetReadOnly,*'
        @(Get-ArchiveSession -ArchivePath $box.Other).Count | Should -Be 1
    }

    It 'writes and opens nothing with -WhatIf' {
        $box = New-Sandbox
        Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/ -WhatIf | Should -BeNullOrEmpty
        Test-Path $box.Archive | Should -BeFalse
        Get-SyncPeer -Listener | Should -BeNullOrEmpty
    }

    It 'warns where a proxy has to encrypt' {
        $box = New-Sandbox
        $null = Start-SyncPeer -ArchivePath $box.Archive -Uri http://0.0.0.0:0/ -Token $token -AllowInsecure -WarningVariable warned -WarningAction SilentlyContinue
        $warned.Count | Should -Be 1
    }

    It 'waits with -Wait until it is stopped, within two seconds' {
        $box = New-Sandbox
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$ModulePath'; Start-SyncPeer -ArchivePath '$($box.Archive)' -Uri http://127.0.0.1:0/ -Wait")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $output.Count -eq 1 }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 10
        $running.IsCompleted | Should -BeTrue
        $output[0].Status | Should -Be 'Stopped'
        $shell.Dispose()
        Get-OpenFile $box.Archive | Should -BeNullOrEmpty
    }

    It 'ends with its runspace' {
        $box = New-Sandbox
        $space = [runspacefactory]::CreateRunspace()
        $space.Open()
        $shell = [powershell]::Create()
        $shell.Runspace = $space
        $p = $shell.AddScript("Import-Module '$ModulePath'; Start-SyncPeer -ArchivePath '$($box.Archive)' -Uri http://127.0.0.1:0/").Invoke()[0]
        $p.Status | Should -Be 'Listening'
        $shell.Dispose()
        $space.Close()
        Wait-Until { $p.Status -eq 'Stopped' }
    }

    It 'is closed when the module is removed' {
        $box = New-Sandbox
        $result = Invoke-Script "`$p = Start-SyncPeer -ArchivePath '$($box.Archive)' -Uri http://127.0.0.1:0/; Remove-Module ArtifactSync; `$p.Status"
        $result.Output | Should -BeExactly 'Stopped'
    }

    It 'leaves the web server out of a session that serves nothing' {
        $box = New-Sandbox
        $result = Invoke-Script "`$null = Get-SyncPeer -Listener; @([System.AppDomain]::CurrentDomain.GetAssemblies().Where{ `$_.GetName().Name -like 'Microsoft.AspNetCore.*' }).Count"
        $result.Output | Should -BeExactly '0'
    }

    It 'takes the web server from the package' {
        $box = New-Sandbox
        $null = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/
        $loaded = [System.AppDomain]::CurrentDomain.GetAssemblies().Where{ $_.GetName().Name -eq 'Microsoft.AspNetCore.Server.Kestrel.Core' }
        $loaded.Location | Should -BeLike "$([System.IO.Path]::GetDirectoryName($ModulePath))*"
    }

    It 'shows no token in any stream' {
        $box = New-Sandbox
        $said = Start-SyncPeer -ArchivePath $box.Archive -Uri http://127.0.0.1:0/ -Token $token -Verbose *>&1
        $p = Get-SyncPeer -Listener
        $text = @(
            $said | Out-String
            $p | Format-List * | Out-String
            ConvertTo-Json $p -Depth 3 -WarningAction SilentlyContinue
            Invoke-ArtifactSync -ArchivePath $box.Other -Target $p.Uri -Token $token -Initialize -Verbose -Debug *>&1 | Out-String
            try { Invoke-ArtifactSync -ArchivePath $box.Other -Target http://127.0.0.1:1 -Token $token *>&1 | Out-String } catch { $_ | Out-String }
        ) -join "`n"
        $text | Should -Not -BeLike '*tOkEn-8f2a7c*'
    }
}
