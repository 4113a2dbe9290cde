BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $null = Add-ArchiveMemory 'One' 'First' -Project demo
    $null = Add-ArchiveMemory 'Two' 'Second' -Project web
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Export-MemoryChunk' {
    It 'writes nothing with -WhatIf' {
        $plan = Export-MemoryChunk "$($box.Root)/plan" -WhatIf
        $plan.Status, $plan.Observations | Should -Be 'Planned', 2
        Test-Path "$($box.Root)/plan" | Should -BeFalse
    }

    It 'writes one project, then the rest, then nothing' {
        $folder = "$($box.Root)/.engram"
        $first = Export-MemoryChunk -Path $folder -Project demo
        $first.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryChunk'
        $first.Status, $first.Observations | Should -Be 'Exported', 1
        $first.ChunkId | Should -Match '^[0-9a-f]{8}$'
        Test-Path $first.File | Should -BeTrue
        ([pscustomobject]@{ Project = 'demo' } | Export-MemoryChunk $folder).Status | Should -Be 'Unchanged'
        (Export-MemoryChunk $folder).Observations | Should -Be 1
        (Export-MemoryChunk $folder).Status | Should -Be 'Unchanged'
        @((Get-Content "$folder/manifest.json" -Raw | ConvertFrom-Json).chunks).Count | Should -Be 2
    }

    It 'refuses a directory of a newer format' {
        $folder = "$($box.Root)/newer"
        $null = New-Item $folder -ItemType Directory
        Set-Content "$folder/manifest.json" '{"version":2,"chunks":[]}'
        $result = Export-MemoryChunk $folder -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Status | Should -Be 'Failed'
        Assert-Error $failure MemoryVersionUnsupported ExportMemoryChunkCommand InvalidOperation $folder
    }
}

Describe 'Export-MemoryChunk -Target' {
    BeforeAll {
        $secret = 'chunk-token-4711-secret'
        $token = ConvertTo-SecureString $secret -AsPlainText -Force
        $cloud = New-Sandbox
        $listener = Start-SyncPeer -Uri http://127.0.0.1:0/ -Token $token -ArchivePath "$($cloud.Root)/server"
        $target = "engram+$($listener.Uri.GetLeftPart('Authority'))"
        $null = Enable-MemoryProject demo -ArchivePath $cloud.Archive
        New-MemoryExport "$($cloud.Root)/in.json"
        $null = Import-ArchiveMemory "$($cloud.Root)/in.json" -ArchivePath $cloud.Archive
    }
    AfterAll { $listener | Stop-SyncPeer }

    It 'asks nothing of a server for a project that is not enrolled' {
        $failure = Get-Failure { Export-MemoryChunk -Target engram+http://127.0.0.1:9 -Project nope -ArchivePath $cloud.Archive }
        Assert-Error $failure MemoryNotEnrolled ExportMemoryChunkCommand InvalidOperation 'nope'
        (Get-SyncState -Project nope -ArchivePath $cloud.Archive).ReasonCode | Should -Be 'blocked_unenrolled'
    }

    It 'needs an address of a memory server, and https beyond this machine' {
        (Get-Failure { Export-MemoryChunk -Target https://example.org -Project demo -ArchivePath $cloud.Archive }).FullyQualifiedErrorId |
            Should -BeExactly 'InvalidTarget,ArtifactSync.Cmdlets.ExportMemoryChunkCommand'
        $failure = Get-Failure { Export-MemoryChunk -Target engram+http://example.org -Project demo -ArchivePath $cloud.Archive }
        Assert-Error $failure TargetInsecure ExportMemoryChunkCommand SecurityError 'example.org'
    }

    It 'tells under -WhatIf what would be sent, and writes nothing' {
        $before = Get-TreeState $cloud.Root
        $plan = Export-MemoryChunk -Target $target -Project demo -Token $token -ArchivePath $cloud.Archive -WhatIf -WarningAction SilentlyContinue
        $plan.Status, $plan.Sessions, $plan.Observations, $plan.Prompts | Should -Be 'Planned', 1, 1, 1
        $plan.RunId | Should -BeNullOrEmpty
        Get-TreeState $cloud.Root | Should -Be $before
    }

    It 'fails without the token, and is repeated with it' {
        $failure = Get-Failure { Export-MemoryChunk -Target $target -Project demo -ArchivePath $cloud.Archive }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnauthorized,ArtifactSync.Cmdlets.ExportMemoryChunkCommand'
        $again = Get-SyncRun -Retryable -Kind MemoryImport -ArchivePath $cloud.Archive | Select-Object -First 1 |
            Invoke-ArtifactSync -RetryFailed -Token $token -ArchivePath $cloud.Archive
        $again.Status, $again.Kind, $again.Counters.Sent | Should -Be 'Succeeded', 'MemoryImport', 3
    }

    It 'sends a change once, and leaves deletes to Invoke-ArtifactSync' {
        (Export-MemoryChunk -Target $target -Project demo -Token $token -ArchivePath $cloud.Archive).Status | Should -Be 'Unchanged'
        $null = Set-ArchiveMemory obs-00000000000000a1 -Title 'Edited' -ArchivePath $cloud.Archive
        $sent = Export-MemoryChunk -Target $target -Project demo -Token $token -ArchivePath $cloud.Archive
        $sent.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryChunk'
        $sent.Status, $sent.Path, $sent.Observations, $sent.Pending | Should -Be 'Exported', $target, 1, 0
        $sent.ChunkId | Should -Match '^[0-9a-f]{8}$'
        $run = Get-SyncRun -RunId $sent.RunId -ArchivePath $cloud.Archive
        $run.Status, $run.Target | Should -Be 'Succeeded', $target

        Remove-ArchiveMemory obs-00000000000000a1 -ArchivePath $cloud.Archive -Confirm:$false
        $deleted = Export-MemoryChunk -Target $target -Project demo -Token $token -ArchivePath $cloud.Archive
        $deleted.Deletes, $deleted.Pending | Should -Be 1, 1
        (Invoke-ArtifactSync $target -Token $token -ArchivePath $cloud.Archive).Counters.Sent | Should -Be 1
        @(Test-MemorySync -Target $target -Token $token -ArchivePath $cloud.Archive).Count | Should -Be 0
    }

    It 'keeps the token out of everything that is written' {
        foreach ($file in Get-ChildItem $cloud.Root -Recurse -File -Force) {
            [System.Text.Encoding]::Latin1.GetString([System.IO.File]::ReadAllBytes($file.FullName)).Contains($secret) | Should -BeFalse -Because $file.FullName
        }
    }
}
