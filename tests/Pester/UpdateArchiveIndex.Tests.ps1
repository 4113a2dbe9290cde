BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Update-ArchiveIndex' {
    BeforeEach {
        $box = New-ConflictPair
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        Set-ArchiveSession a -Starred $true
        Add-SessionPin a 1 -Note here
        Sync-Pair $box
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'rebuilds what is derived and keeps the ledger' {
        $before = Get-ArchiveSession a -IncludeMessage | ConvertTo-Json -Depth 5
        $conflicts = Get-MetaConflict | ConvertTo-Json
        $run = Update-ArchiveIndex -Rebuild
        $run.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncRun'
        "$($run.Kind)", "$($run.Status)" | Should -Be Rebuild, Succeeded
        $run.Counters.FilesImported | Should -Be 1
        Get-ArchiveSession a -IncludeMessage | ConvertTo-Json -Depth 5 | Should -Be $before
        Get-MetaConflict | ConvertTo-Json | Should -Be $conflicts
        (Get-ArchiveSession -Query 'login bug').SessionId | Should -Be a
        (Get-SyncRun -RunId $run.RunId -IncludeEntity).Entities.Key | Should -Contain "$($box.Transcripts)/a.jsonl"
        $run = Invoke-ArtifactSync $box.Share
        $run.Counters.Published, $run.Counters.ImportedEvents | Should -Be 0, 0
    }

    It 'rebuilds sessions of other machines with their curation' {
        $before = Get-ArchiveSession -IncludeMessage -ArchivePath $box.Other | ConvertTo-Json -Depth 5
        "$((Update-ArchiveIndex -Rebuild -ArchivePath $box.Other).Status)" | Should -Be Succeeded
        Get-ArchiveSession -IncludeMessage -ArchivePath $box.Other | ConvertTo-Json -Depth 5 | Should -Be $before
    }

    It 'keeps a session whose transcript is gone' {
        Remove-Item "$($box.Transcripts)/a.jsonl"
        $run = Update-ArchiveIndex -Rebuild
        "$($run.Status)", $run.Counters.FilesImported | Should -Be Succeeded, 0
        @((Get-ArchiveSession a -IncludeMessage).Messages).Count | Should -Be 4
    }

    It 'writes nothing with -WhatIf and says what would be read' {
        $before = Get-TreeState $box.Root
        $run = Update-ArchiveIndex -Rebuild -WhatIf
        "$($run.Status)", "$($run.Kind)", $run.Counters.FilesImported | Should -Be Planned, Rebuild, 1
        $run.RunId | Should -BeNullOrEmpty
        Get-WhatIf { Update-ArchiveIndex -Rebuild -WhatIf } | Should -Be "Rebuild on $($box.Archive)"
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'names its archive where there is none' {
        $missing = "$($box.Root)/nothing"
        foreach ($more in @{}, @{ WhatIf = $true }) {
            $failure = Get-Failure { Update-ArchiveIndex -Rebuild @more -ArchivePath $missing }
            Assert-Error $failure ArchiveNotFound UpdateArchiveIndexCommand ObjectNotFound $missing
        }
        Test-Path $missing | Should -BeFalse
    }

    It 'asks only when told to' {
        (Invoke-Script "Update-ArchiveIndex -Rebuild -Confirm -ArchivePath '$($box.Archive)'").Output | Should -Match NonInteractive
        Get-SyncRun -Kind Rebuild | Should -BeNullOrEmpty
        $null = Update-ArchiveIndex -Rebuild -Confirm:$false
        @(Get-SyncRun -Kind Rebuild).Count | Should -Be 1
    }

    It 'can be stopped and started again' {
        New-ManyTranscript "$($box.Root)/many" 200
        $null = Import-ArchiveSession "$($box.Root)/many"
        $before = @(Get-ArchiveSession).Count
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$ModulePath'; Update-ArchiveIndex -Rebuild -ArchivePath '$($box.Archive)'")
        $job = $shell.BeginInvoke()
        Wait-Until { (Get-SyncRun -Kind Rebuild) -or $job.IsCompleted }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 2
        $shell.Dispose()
        "$((Get-SyncRun -Kind Rebuild).Status)" | Should -Be Aborted
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
        "$((Update-ArchiveIndex -Rebuild).Status)" | Should -Be Succeeded
        @(Get-ArchiveSession).Count | Should -Be $before
    }
}
