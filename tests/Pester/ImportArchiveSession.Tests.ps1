BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Import-ArchiveSession' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'imports files by path, with wildcards' {
        New-Transcript "$($box.Transcripts)/p/one.jsonl"
        New-Transcript "$($box.Transcripts)/p/two.jsonl" -Exchanges 3
        $result = Import-ArchiveSession -Path "$($box.Transcripts)/p/*.jsonl"
        $result.Status | Should -Be 'Imported', 'Imported'
        ($result.Added | Measure-Object -Sum).Sum | Should -Be 2
        $result[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.ArchiveSessionImport'
        @(Get-ArchiveSession).Count | Should -Be 2
    }

    It 'imports a folder' {
        New-Transcript "$($box.Transcripts)/a/b/deep.jsonl"
        (Import-ArchiveSession $box.Transcripts).Added | Should -Be 1
    }

    It 'makes one run of what Get-ChildItem brings' {
        1..3 | ForEach-Object { New-Transcript "$($box.Transcripts)/$_.jsonl" }
        $result = Get-ChildItem $box.Transcripts -Recurse -Filter *.jsonl | Import-ArchiveSession
        @($result).Count | Should -Be 3
        @($result.RunId | Select-Object -Unique).Count | Should -Be 1
        $runs = @(Get-SyncRun)
        $runs.Count | Should -Be 1
        $runs[0].Kind | Should -Be Import
        $runs[0].Status | Should -Be Succeeded
        $runs[0].RunId | Should -Be $result[0].RunId
    }

    It 'imports nothing, not the usual folders, when the pipeline brings nothing' {
        @() | Import-ArchiveSession | Should -BeNullOrEmpty
        Get-ChildItem $box.Transcripts -Filter *.none | Import-ArchiveSession | Should -BeNullOrEmpty
        Import-ArchiveSession "$($box.Transcripts)/*.none" | Should -BeNullOrEmpty
        Test-Path $box.Archive | Should -BeFalse
    }

    It 'takes [brackets] literally with -LiteralPath, and as a pattern with -Path' {
        New-Transcript "$($box.Transcripts)/notes [old]/a[1].jsonl"
        (Import-ArchiveSession -LiteralPath "$($box.Transcripts)/notes [old]/a[1].jsonl").Status | Should -Be Imported
        Get-ChildItem -LiteralPath "$($box.Transcripts)/notes [old]" | Import-ArchiveSession | ForEach-Object Status | Should -Be Unchanged
        Import-ArchiveSession -Path "$($box.Transcripts)/notes [old]/a[1].jsonl" | Should -BeNullOrEmpty
    }

    It 'resolves paths from the current location and PSDrives' {
        New-Transcript "$($box.Transcripts)/here.jsonl"
        $null = New-PSDrive -Name talks -PSProvider FileSystem -Root $box.Transcripts
        Push-Location $box.Root
        try {
            (Import-ArchiveSession ./transcripts/here.jsonl -ArchivePath ./archive).Status | Should -Be Imported
            (Import-ArchiveSession talks:/here.jsonl -ArchivePath ./archive).Status | Should -Be Unchanged
        }
        finally {
            Pop-Location
            Remove-PSDrive talks
        }
        "$($box.Archive)/archive.db" | Should -Exist
    }

    It 'does not read unchanged files again, unless told to' {
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $null = Import-ArchiveSession $box.Transcripts
        (Import-ArchiveSession $box.Transcripts).Status | Should -Be Unchanged
        # Another text of the same length and time: only reading it tells.
        $file = Get-Item "$($box.Transcripts)/a.jsonl"
        $time = $file.LastWriteTimeUtc = [datetime]'2026-01-02T03:04:05Z'
        $null = Import-ArchiveSession $box.Transcripts
        [System.IO.File]::WriteAllText($file, [System.IO.File]::ReadAllText($file).Replace('login', 'logon'))
        $file.LastWriteTimeUtc = $time
        (Import-ArchiveSession $box.Transcripts).Status | Should -Be Unchanged
        (Import-ArchiveSession $box.Transcripts -Full).Changed | Should -Be 1
        New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 2
        (Import-ArchiveSession $box.Transcripts).Changed | Should -Be 1
    }

    It 'leaves out only the file that is no transcript' {
        New-Transcript "$($box.Transcripts)/good.jsonl"
        Set-Content "$($box.Transcripts)/other.jsonl" 'this is no transcript'
        $result = Import-ArchiveSession $box.Transcripts
        $result.Status | Sort-Object | Should -Be 'Imported', 'Skipped'
        $result.Where{ $_.Status -eq 'Skipped' }.ErrorCode | Should -Be TranscriptUnrecognized
        $result.Where{ $_.Status -eq 'Skipped' }.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'reports a file that cannot be read and imports the others' {
        New-Transcript "$($box.Transcripts)/good.jsonl"
        $null = New-Item "$($box.Transcripts)/gone.jsonl" -ItemType SymbolicLink -Target "$($box.Root)/nowhere"
        $result = Get-ChildItem $box.Transcripts | Import-ArchiveSession -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Where{ $_.Status -eq 'Imported' }.Count | Should -Be 1
        @($failure).Count | Should -Be 1
    }

    It 'reports a path that does not exist and imports the others' {
        New-Transcript "$($box.Transcripts)/good.jsonl"
        $result = Import-ArchiveSession "$($box.Root)/missing", $box.Transcripts -ErrorAction SilentlyContinue -ErrorVariable failure
        $result.Status | Should -Be Imported
        Assert-Error $failure PathNotFound ImportArchiveSessionCommand ObjectNotFound "$($box.Root)/missing"
    }

    It 'refuses other providers' {
        Import-ArchiveSession Env:PATH -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure PathNotFileSystem ImportArchiveSessionCommand InvalidArgument 'Env:PATH'
    }

    It 'says with -WhatIf what it would do, and writes nothing' {
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $result = Import-ArchiveSession $box.Transcripts -WhatIf
        $result.Added | Should -Be 1
        $result.RunId | Should -BeNullOrEmpty
        Test-Path $box.Archive | Should -BeFalse
        $null = Import-ArchiveSession $box.Transcripts
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $before = Get-TreeState $box.Root
        $null = Import-ArchiveSession $box.Transcripts -WhatIf
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'imports nothing when nobody confirms' {
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $run = Invoke-Script "try { Import-ArchiveSession '$($box.Transcripts)' -ArchivePath '$($box.Archive)' -Confirm } catch { 'refused' }"
        $run.Output | Should -Match 'refused'
        Test-Path $box.Archive | Should -BeFalse
    }

    It 'ends within two seconds when it is stopped, leaves no file open and loses nothing' {
        New-ManyTranscript $box.Transcripts 300
        $shell = [powershell]::Create().AddScript("Import-Module '$ModulePath'; Import-ArchiveSession '$($box.Transcripts)' -ArchivePath '$($box.Archive)'")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $pending = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $pending.IsCompleted -or (Test-Path "$($box.Archive)/archive.db") }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 2
        $output.Count | Should -BeLessThan 300
        $shell.Streams.Error | Should -BeNullOrEmpty
        $shell.Dispose()
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
        @(Import-ArchiveSession $box.Transcripts).Count | Should -Be 300
        @(Get-ArchiveSession).Count | Should -Be 300
        (Get-SyncRun).Status | Should -Not -Contain Running
    }

    It 'gives no error and leaves nothing open after Select-Object -First 1' {
        1..5 | ForEach-Object { New-Transcript "$($box.Transcripts)/$_.jsonl" }
        $failure = $null
        $one = Import-ArchiveSession $box.Transcripts -ErrorVariable failure | Select-Object -First 1
        $one.Status | Should -Be Imported
        $failure | Should -BeNullOrEmpty
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
        @(Import-ArchiveSession $box.Transcripts).Count | Should -Be 5
    }

    It 'shows and converts its objects without noise' {
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $result = Import-ArchiveSession $box.Transcripts
        $result | Format-Table | Out-String | Should -Match 'Imported\s+1\s+0\s+0'
        $result | ConvertTo-Json -WarningVariable warnings | ConvertFrom-Json | ForEach-Object Status | Should -Be Imported
        $warnings | Should -BeNullOrEmpty
    }
}
