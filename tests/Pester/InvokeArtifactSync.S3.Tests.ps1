BeforeDiscovery {
    # Needs what tests/S3/start-gateway.sh needs; without it the tests show as skipped.
    $tools = 'radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'openssl', 'curl'
    $noServer = -not $IsLinux -or @($tools | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) }).Count -gt 0
}

Describe 'Invoke-ArtifactSync with a bucket' -Skip:$noServer {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $scripts = [System.IO.Path]::GetFullPath("$PSScriptRoot/../S3")
        $gateway = "$([System.IO.Path]::GetTempPath())artifactsync-pester-s3-$PID"
        $monitor, $port, $secure = 22789, 22780, 22743
        $endpoint = "http://127.0.0.1:$port"
        # The daemons inherit the streams, so they must not be pipes.
        & bash -c "'$scripts/start-gateway.sh' '$gateway' $monitor $port $secure pesterkey pester-secret-bytes $PID >/dev/null 2>&1"
        if ($LASTEXITCODE -ne 0) { throw 'The S3 gateway did not start.' }
        & curl -sf --aws-sigv4 aws:amz:us-east-1:s3 --user pesterkey:pester-secret-bytes -H x-amz-content-sha256:UNSIGNED-PAYLOAD -X PUT "$endpoint/bucket"
        if ($LASTEXITCODE -ne 0) { throw 'The bucket could not be made.' }
        function New-Key([string] $Secret) {
            [pscredential]::new('pesterkey', (ConvertTo-SecureString $Secret -AsPlainText -Force))
        }
    }
    AfterAll {
        if (Test-Path "$gateway") { & "$scripts/stop-gateway.sh" $gateway }
        $env:ARTIFACTSYNC_ARCHIVE = $null
    }
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-Transcript "$($box.Transcripts)/a.jsonl" -Text 'First session'
        $null = Import-ArchiveSession $box.Transcripts
        $target = "s3://bucket/$([guid]::NewGuid().ToString('n'))"
        $common = @{ Target = $target; S3Endpoint = $endpoint; Credential = New-Key 'pester-secret-bytes' }
    }

    It 'brings the sessions of one machine to another' {
        $run = Invoke-ArtifactSync @common -Initialize -OriginId laptop-1a2b3c
        $run.Status | Should -Be Succeeded
        $run.Target | Should -Be $target
        $run.Counters.Sent | Should -BeGreaterThan 2
        $run = Invoke-ArtifactSync @common -Initialize -OriginId desk-4d5e6f -ArchivePath $box.Other
        $run.Counters.ImportedSessions | Should -Be 1
        (Get-ArchiveSession -ArchivePath $box.Other -IncludeMessage).Messages.Content | Should -Be 'First session (0)', 'Done: First session'
    }

    It 'takes keys and endpoint from the environment' {
        $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY, $env:ARTIFACTSYNC_S3_ENDPOINT = 'pesterkey', 'pester-secret-bytes', $endpoint
        try { (Invoke-ArtifactSync $target -Initialize).Status | Should -Be Succeeded }
        finally { $env:AWS_ACCESS_KEY_ID = $env:AWS_SECRET_ACCESS_KEY = $env:ARTIFACTSYNC_S3_ENDPOINT = $null }
    }

    It 'fails with a wrong secret, and repeats the run with the right one' {
        $null = Invoke-ArtifactSync @common -Initialize
        $common.Credential = New-Key 'a-wrong-secret'
        { Invoke-ArtifactSync @common } | Should -Throw -ErrorId 'TargetUnauthorized,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
        $failed = Get-SyncRun -Last 1
        $failed.ErrorCode | Should -Be TargetUnauthorized
        $again = $failed | Invoke-ArtifactSync -RetryFailed -Credential (New-Key 'pester-secret-bytes')
        $again.Status | Should -Be Succeeded
        $again.ParentRunId | Should -Be $failed.RunId
    }

    It 'shows the secret in no stream, error, ledger or file' {
        $common.Credential = New-Key 'a-wrong-secret'
        $spoken = & { try { Invoke-ArtifactSync @common -Initialize -Verbose -Debug -ErrorAction Continue } catch { $_; $_ | Format-List * -Force; $_.Exception.ToString() } } *>&1 | Out-String
        $spoken | Should -BeLike '*TargetUnauthorized*'
        $spoken | Should -Not -BeLike '*a-wrong-secret*'
        $spoken | Should -Not -BeLike '*Authorization:*'
        Get-SyncRun -IncludeEntity | ConvertTo-Json -Depth 5 | Should -Not -BeLike '*a-wrong-secret*'
        foreach ($file in Get-ChildItem $box.Root -Recurse -File -Force) {
            [System.Text.Encoding]::Latin1.GetString([System.IO.File]::ReadAllBytes($file.FullName)).Contains('a-wrong-secret') | Should -BeFalse
        }
    }

    It 'loads the SDK for buckets only' {
        $loaded = '@([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -like "AWSSDK*" }).Count'
        $result = Invoke-Script "`$null = Invoke-ArtifactSync '$($box.Share)' -Initialize -ArchivePath '$($box.Archive)'; $loaded"
        $result.Output | Should -Be 0
    }

    It 'plans without a request under -WhatIf' {
        $before = Get-TreeState $box.Root
        $run = Invoke-ArtifactSync -Target $target -S3Endpoint http://127.0.0.1:1 -Credential (New-Key 'x') -WhatIf
        $run.Status | Should -Be Planned
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'refuses plain http beyond this machine' {
        { Invoke-ArtifactSync $target -S3Endpoint http://minio.example.org -Credential (New-Key 'x') } |
            Should -Throw -ErrorId 'TargetInsecure,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
    }

    It 'refuses what is no address of a bucket' -ForEach @(
        @{ Address = 's3://' }, @{ Address = 's3://me:geheim@bucket' }, @{ Address = 's3://bucket?x=geheim' }
    ) {
        { Invoke-ArtifactSync $Address -Credential (New-Key 'x') } |
            Should -Throw -ErrorId 'InvalidTarget,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand' -PassThru |
            ForEach-Object { "$_" | Should -Not -BeLike '*geheim*' }
    }
}
