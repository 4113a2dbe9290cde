BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    function New-Case {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-MemoryExport "$($box.Root)/in.json"
        $null = Import-ArchiveMemory "$($box.Root)/in.json"
        $null = Export-MemoryChunk "$($box.Root)/.engram"
        $box
    }
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Import-MemoryChunk' {
    BeforeEach { $box = New-Case; $folder = "$($box.Root)/.engram" }

    It 'imports once' {
        $first = Import-MemoryChunk -Path $folder -ArchivePath $box.Other
        $first.Status, $first.ChunksImported, $first.ObservationsInserted, $first.PromptsInserted, $first.SessionsImported | Should -Be 'Imported', 1, 1, 1, 1
        $second = $folder | Import-MemoryChunk -ArchivePath $box.Other
        $second.Status, $second.ChunksImported, $second.ChunksSkipped | Should -Be 'Unchanged', 0, 1
    }

    It 'looks into .engram by itself, and takes folders from the pipeline' {
        Push-Location $box.Root
        try { (Import-MemoryChunk -ArchivePath $box.Other).ChunksImported | Should -Be 1 } finally { Pop-Location }
        (Get-Item $folder -Force | Import-MemoryChunk -ArchivePath $box.Other).ChunksSkipped | Should -Be 1
    }

    It 'carries edits and deletes there and back until both have the same' {
        $null = Import-MemoryChunk $folder -ArchivePath $box.Other
        Set-ArchiveMemory obs-00000000000000a1 -Title 'Edited' -ArchivePath $box.Other
        (Export-MemoryChunk $folder -ArchivePath $box.Other).Status | Should -Be 'Exported'
        $null = Import-MemoryChunk $folder
        (Get-ArchiveMemory).Title | Should -Be 'Edited'
        Remove-ArchiveMemory obs-00000000000000a1 -Permanent
        (Export-MemoryChunk $folder).Deletes | Should -Be 1
        $null = Import-MemoryChunk $folder -ArchivePath $box.Other
        Get-ArchiveMemory -IncludeDeleted -ArchivePath $box.Other | Should -BeNullOrEmpty
        (Export-MemoryChunk $folder).Status | Should -Be 'Unchanged'
        (Export-MemoryChunk $folder -ArchivePath $box.Other).Status | Should -Be 'Unchanged'
    }

    It 'writes nothing with -WhatIf' {
        (Import-MemoryChunk $folder -ArchivePath $box.Other -WhatIf).ObservationsInserted | Should -Be 1
        Test-Path $box.Other | Should -BeFalse
    }

    It 'reports a folder that is missing, and damage' {
        $null = Import-MemoryChunk "$($box.Root)/none" -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure PathNotFound ImportMemoryChunkCommand ObjectNotFound "$($box.Root)/none"
        Set-Content "$folder/manifest.json" 'not json'
        $result = Import-MemoryChunk $folder -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Status | Should -Be 'Failed'
        Assert-Error $failure MemoryChunkInvalid ImportMemoryChunkCommand InvalidData $folder
    }
}

Describe 'Import-MemoryChunk -Target' {
    BeforeAll {
        $box = New-Case
        $listener = Start-SyncPeer -Uri http://127.0.0.1:0/ -ArchivePath "$($box.Root)/server"
        $target = "engram+$($listener.Uri.GetLeftPart('Authority'))"
        foreach ($archive in $box.Archive, $box.Other) { $null = Enable-MemoryProject demo -ArchivePath $archive }
        (Export-MemoryChunk -Target $target -Project demo).Status | Should -Be 'Exported'
    }
    AfterAll { $listener | Stop-SyncPeer }

    It 'asks nothing of a server for a project that is not enrolled' {
        $failure = Get-Failure { Import-MemoryChunk -Target engram+http://127.0.0.1:9 -Project nope }
        Assert-Error $failure MemoryNotEnrolled ImportMemoryChunkCommand InvalidOperation 'nope'
    }

    It 'reads and writes nothing with -WhatIf' {
        $before = Get-TreeState $box.Other
        $plan = Import-MemoryChunk -Target $target -Project demo -ArchivePath $box.Other -WhatIf
        $plan.Status, $plan.ChunksImported, $plan.ObservationsInserted | Should -Be 'Planned', 1, 1
        Get-TreeState $box.Other | Should -Be $before
    }

    It 'merges once what the server keeps, and sends none of it back' {
        $first = Import-MemoryChunk -Target $target -Project demo -ArchivePath $box.Other
        $first.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryImportResult'
        $first.Status, $first.Path, $first.ChunksImported, $first.ObservationsInserted, $first.PromptsInserted, $first.SessionsImported |
            Should -Be 'Imported', $target, 1, 1, 1, 1
        $second = Import-MemoryChunk -Target $target -Project demo -ArchivePath $box.Other
        $second.Status, $second.ChunksSkipped | Should -Be 'Unchanged', 1
        (Get-ArchiveMemory -ArchivePath $box.Other).Title | Should -Be (Get-ArchiveMemory).Title
        (Invoke-ArtifactSync $target -ArchivePath $box.Other).Counters.Sent | Should -Be 0
    }

    It 'reports a server that is not there, and its run can be repeated' {
        $failure = Get-Failure { Import-MemoryChunk -Target engram+http://127.0.0.1:9 -Project demo -ArchivePath $box.Other }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TargetUnreachable,ArtifactSync.Cmdlets.ImportMemoryChunkCommand'
        $run = (Get-SyncRun -Last 1 -ArchivePath $box.Other)
        $run.ErrorCode, $run.Retryable | Should -Be 'TargetUnreachable', $true
        (Get-SyncState -Project demo -ArchivePath $box.Other).ReasonCode | Should -Be 'transport_failed'
    }
}
