BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    function New-Case {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-MemoryExport "$($box.Root)/export.json"
        $box
    }
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Import-ArchiveMemory' {
    BeforeEach { $box = New-Case; $file = "$($box.Root)/export.json" }

    It 'counts what it did, and nothing the second time' {
        $first = Import-ArchiveMemory $file
        $first.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryImportResult'
        $first.Status | Should -Be 'Imported'
        $first.SessionsImported, $first.ObservationsInserted, $first.ObservationsUpdated, $first.ObservationsSkipped, $first.PromptsInserted, $first.PromptsSkipped |
            Should -Be 1, 1, 0, 0, 1, 0
        $second = Import-ArchiveMemory -Path $file
        $second.Status | Should -Be 'Unchanged'
        $second.ObservationsInserted, $second.ObservationsUpdated, $second.ObservationsSkipped, $second.PromptsSkipped | Should -Be 0, 0, 1, 1
    }

    It 'gives the counters of the sample over the base state, twice' {
        $golden = if ($env:ARTIFACTSYNC_GOLDEN) { $env:ARTIFACTSYNC_GOLDEN } else { "$PSScriptRoot/../../../shared/golden" }
        if (-not (Test-Path "$golden/memory/export-sample.json")) { Set-ItResult -Skipped -Because 'there are no golden vectors'; return }
        $expected = Get-Content "$golden/memory/expected-import.json" -Raw | ConvertFrom-Json
        $null = Import-ArchiveMemory "$golden/memory/base-state.json"
        # The tombstone of the expected state: the prompt is deleted here before it comes.
        $chunks = "$($box.Root)/.engram"
        $null = New-Item "$chunks/chunks" -ItemType Directory
        $dead = $expected.prompt_tombstones[0]
        $delete = @{
            sessions = @(); observations = @(); prompts = @()
            mutations = @(@{ entity = 'prompt'; entity_key = $dead.sync_id; op = 'delete'; project = 'demo'; payload = (
                        @{ sync_id = $dead.sync_id; session_id = $dead.session_id; deleted = $true; deleted_at = $dead.deleted_at } | ConvertTo-Json -Compress) })
        }
        $stream = [System.IO.Compression.GZipStream]::new([System.IO.File]::Create("$chunks/chunks/aaaaaaaa.jsonl.gz"), [System.IO.Compression.CompressionMode]::Compress)
        $stream.Write([System.Text.Encoding]::UTF8.GetBytes(($delete | ConvertTo-Json -Depth 5 -Compress)))
        $stream.Dispose()
        Set-Content "$chunks/manifest.json" '{"version":1,"chunks":[{"id":"aaaaaaaa"}]}'
        (Import-MemoryChunk $chunks).ChunksImported | Should -Be 1
        foreach ($pass in 'first', 'second') {
            $result = Import-ArchiveMemory "$golden/memory/export-sample.json"
            $e = $expected.$pass
            $result.SessionsImported, $result.ObservationsInserted, $result.ObservationsUpdated, $result.ObservationsSkipped, $result.PromptsInserted, $result.PromptsSkipped |
                Should -Be $e.sessions_imported, $e.observations_inserted, $e.observations_updated, $e.observations_skipped, $e.prompts_inserted, $e.prompts_skipped
        }
    }

    It 'takes wildcards, literal names, text and files from the pipeline' {
        Copy-Item $file "$($box.Root)/more [1].json"
        @(Import-ArchiveMemory "$($box.Root)/*.json").Count | Should -Be 2
        (Import-ArchiveMemory -LiteralPath "$($box.Root)/more [1].json").ObservationsSkipped | Should -Be 1
        ($file | Import-ArchiveMemory).ObservationsSkipped | Should -Be 1
        @(Get-ChildItem $box.Root -Filter *.json | Import-ArchiveMemory).Count | Should -Be 2
    }

    It 'takes documents and memories as objects' {
        (Get-Content $file -Raw | ConvertFrom-Json | Import-ArchiveMemory).ObservationsInserted | Should -Be 1
        $result = Get-ArchiveMemory | Import-ArchiveMemory -ArchivePath $box.Other
        $result.Path | Should -Be '(pipeline)'
        $result.ObservationsInserted | Should -Be 1
        (Get-ArchiveMemory -ArchivePath $box.Other).Title | Should -Be 'One'
        (Get-ArchiveMemory | Import-ArchiveMemory -ArchivePath $box.Other).ObservationsSkipped | Should -Be 1
    }

    It 'refuses objects that are something else' {
        $result = Get-Process -Id $PID | Import-ArchiveMemory -ErrorAction SilentlyContinue -ErrorVariable failure
        $result | Should -BeNullOrEmpty
        @($failure)[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ArtifactSync.Cmdlets.ImportArchiveMemoryCommand'
    }

    It 'imports the good files beside a bad one, and names the bad one' {
        Set-Content "$($box.Root)/bad.json" '{"observations":[{"sync_id":"obs-1","session_id":"nowhere","title":"t","content":"c"}]}'
        $results = Import-ArchiveMemory "$($box.Root)/bad.json", $file -ErrorAction SilentlyContinue -ErrorVariable failure
        $results.Status | Should -Be 'Failed', 'Imported'
        Assert-Error $failure MemorySessionMissing ImportArchiveMemoryCommand ObjectNotFound "$($box.Root)/bad.json"
        $run = Get-SyncRun -Last 1 -IncludeEntity
        $run.Kind, $run.Status | Should -Be 'MemoryImport', 'Partial'
        $run.Entities.Status | Should -Contain 'Failed'
    }

    It 'reports a path that does not exist' {
        $null = Import-ArchiveMemory "$($box.Root)/none.json" -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure PathNotFound ImportArchiveMemoryCommand ObjectNotFound "$($box.Root)/none.json"
    }

    It 'writes nothing with -WhatIf and gives the same counters' {
        $plan = Import-ArchiveMemory $file -WhatIf
        $plan.Status, $plan.ObservationsInserted | Should -Be 'Planned', 1
        Test-Path $box.Archive | Should -BeFalse
        $null = Import-ArchiveMemory $file
        New-MemoryExport $file -Title Two -Updated '2026-04-28 09:00:00'
        $before = Get-TreeState $box.Archive
        (Import-ArchiveMemory $file -WhatIf).ObservationsUpdated | Should -Be 1
        Get-TreeState $box.Archive | Should -Be $before
    }

    It 'leaves nothing open when the pipeline ends early' {
        Copy-Item $file "$($box.Root)/second.json"
        (Import-ArchiveMemory "$($box.Root)/*.json" | Select-Object -First 1).Status | Should -Be 'Imported'
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
    }
}
