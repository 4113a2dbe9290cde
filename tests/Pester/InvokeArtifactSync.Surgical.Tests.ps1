BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/GitLab.ps1
    $secret = 'glpat-pester-0123456789'
    $gitlab = Start-FakeGitLab '--issues', '10', '--missing', '4', '--token', $secret
    $class = 'InvokeArtifactSyncCommand'
}
AfterAll {
    Stop-FakeGitLab $gitlab
    $env:ARTIFACTSYNC_ARCHIVE = $env:GITLAB_URL = $env:GITLAB_TOKEN = $env:ARTIFACTSYNC_EMBED_URI = $null
}

Describe 'Invoke-ArtifactSync -Project' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        $env:GITLAB_URL = $gitlab.Url
        $env:GITLAB_TOKEN = $secret
        $env:ARTIFACTSYNC_EMBED_URI = $null
    }

    It 'goes through the whole loop: one missing of ten, the ledger, the retry, the search' {
        $runs = [System.Collections.Generic.List[object]]::new()
        $failure = Get-Failure { Invoke-ArtifactSync -Project group/app -Issue (1..10) | ForEach-Object { $runs.Add($_) } }
        $runs.Count | Should -Be 1
        $runs[0].Status | Should -Be Failed
        $failure.FullyQualifiedErrorId | Should -BeExactly "SurgicalPreflightFailed,ArtifactSync.Cmdlets.$class"
        $failure.TargetObject.Failures.Count | Should -Be 1
        $json = $failure.TargetObject | ConvertTo-Json -Depth 5 | ConvertFrom-Json
        $json.Total | Should -Be 10
        $json.Failures[0].Iid | Should -Be 4
        $json.Failures[0].Code | Should -Be NotFound
        $json.Failures[0].HttpStatus | Should -Be 404
        $json.Failures[0].Retryable | Should -BeFalse
        $json.Failures[0].Action | Should -Not -BeNullOrEmpty
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        @(Get-TrackedIssue).Count | Should -Be 0

        $run = Get-SyncRun -Last 1 -IncludeEntity
        $run.Kind | Should -Be Surgical
        $run.Project | Should -Be group/app
        $run.FailedIids.Iid | Should -Be 4
        @($run.Entities.Where{ $_.Status -eq 'Ok' }).Count | Should -Be 9
        $run.Retryable | Should -BeTrue

        $retry = Get-SyncRun -Retryable | Invoke-ArtifactSync -RetryFailed
        $retry.Status | Should -Be Succeeded
        $retry.ParentRunId | Should -Be $run.RunId
        $retry.Counters.Ingested | Should -Be 9
        Get-SyncRun -Retryable | Should -BeNullOrEmpty

        $found = Find-ArchiveDocument -Query 'importer crashes' -Project group/*
        @($found).Count | Should -Be 9
        $found[0].Snippet | Should -Match '«'
        (Find-ArchiveDocument '"line 7"').Iid | Should -Be 7
    }

    It 'takes -IncludePermanent once the item is there' {
        $other = Start-FakeGitLab '--issues', '2', '--missing', '2'
        try {
            $null = Get-Failure { Invoke-ArtifactSync -Project group/app -Issue 1, 2 -GitLabUri $other.Url -Token (ConvertTo-Token x) }
            Set-FakeGitLab $other 'add?iid=2'
            $retry = Invoke-ArtifactSync -RetryFailed -RunId (Get-SyncRun -Last 1).RunId -IncludePermanent -Token (ConvertTo-Token x) -ThrottleLimit 2
            $retry.Counters.Ingested | Should -Be 2
        } finally { Stop-FakeGitLab $other }
    }

    It 'brings issues and merge requests, and items from the pipeline in one run' {
        $run = Invoke-ArtifactSync -Project group/app -Issue 7, 9 -MergeRequest 12
        $run.Counters.Ingested | Should -Be 3
        (Get-TrackedMergeRequest -Project group/app -Iid 12 -IncludeNote).Notes.Body | Should -Be 'Looks good'
        $again = $run.Entities.Where{ $_.Stage -eq 'ingest' } | Invoke-ArtifactSync -Project group/app
        @($again).Count | Should -Be 1
        $again.Counters.Requested | Should -Be 3
        $again.Counters.Unchanged | Should -Be 3
        (Get-TrackedIssue group/app | Invoke-ArtifactSync -Project group/app).Counters.Requested | Should -Be 2
        (Find-ArchiveDocument budget | Invoke-ArtifactSync -Project group/app).Counters.Ingested | Should -Be 1
        (Invoke-ArtifactSync -Project group/app -EntityType issue -Iid 5).Counters.Ingested | Should -Be 1
    }

    It 'says what it would do with -PreflightOnly and with -WhatIf' {
        $run = Invoke-ArtifactSync -Project group/app -Issue 1 -PreflightOnly
        $run.Kind | Should -Be Preflight
        $run.Entities[0].ErrorMessage | Should -Match '^new'
        @(Get-TrackedIssue).Count | Should -Be 0
        $before = Get-TreeState $box.Root
        $asked = (Invoke-RestMethod "$($gitlab.Url)/_control/requests").Length
        $plan = Invoke-ArtifactSync -Project group/app -Issue 1, 2 -PreflightOnly -WhatIf
        $plan.Status | Should -Be Planned
        $plan.RunId | Should -BeNullOrEmpty
        $plan.Entities.Count | Should -Be 2
        Get-TreeState $box.Root | Should -Be $before
        (Invoke-RestMethod "$($gitlab.Url)/_control/requests").Length | Should -BeLessOrEqual ($asked + 40)
    }

    It 'leaves documents to Update-ArchiveIndex with -NoDocs -NoEmbed, and refuses -NoDocs alone' {
        $null = Invoke-ArtifactSync -Project group/app -Issue 1 -NoDocs -NoEmbed
        Find-ArchiveDocument importer | Should -BeNullOrEmpty
        (Update-ArchiveIndex).Counters.DocumentsRegenerated | Should -Be 1
        (Find-ArchiveDocument importer).Iid | Should -Be 1
        $failure = Get-Failure { Invoke-ArtifactSync -Project group/app -Issue 1 -NoDocs }
        Assert-Error $failure InvalidArgument $class InvalidArgument group/app
        $failure.Exception.Message | Should -Match '-NoDocs requires -NoEmbed'
    }

    It 'embeds, and searches by meaning' {
        $run = Invoke-ArtifactSync -Project group/app -Issue 1, 2 -MergeRequest 12 -EmbedUri $gitlab.Url -EmbedModel fake
        $run.Counters.DocumentsEmbedded | Should -Be 3
        (Find-ArchiveDocument budgeting -Semantic -EmbedUri $gitlab.Url -EmbedModel fake -First 1).Iid | Should -Be 12
        (Get-Failure { Find-ArchiveDocument x -Semantic }).FullyQualifiedErrorId | Should -Be 'InvalidArgument,ArtifactSync.Cmdlets.FindArchiveDocumentCommand'
        (Get-Failure { Invoke-ArtifactSync -Project group/app -Issue 1 -EmbedUri http://elsewhere.example.com }).FullyQualifiedErrorId | Should -Be "EmbedInsecure,ArtifactSync.Cmdlets.$class"
    }

    It 'refuses <Why>' -ForEach @(
        @{ Why = 'no item'; Call = { Invoke-ArtifactSync -Project group/app }; Id = 'InvalidArgument' }
        @{ Why = 'too many items'; Call = { Invoke-ArtifactSync -Project group/app -Issue 1, 2, 3 -MaxEntities 2 }; Id = 'InvalidArgument' }
        @{ Why = 'http to another machine'; Call = { Invoke-ArtifactSync -Project group/app -Issue 1 -GitLabUri http://gitlab.example.com }; Id = 'InvalidTarget' }
    ) {
        (Get-Failure $Call).FullyQualifiedErrorId | Should -BeExactly "$Id,ArtifactSync.Cmdlets.$class"
        Test-Path $box.Archive | Should -BeFalse
    }

    It 'does not send the token of the environment to another server' {
        $env:GITLAB_URL = 'https://gitlab.example.com'
        $failure = Get-Failure { Invoke-ArtifactSync -Project group/app -Issue 1 -GitLabUri $gitlab.Url }
        $failure.TargetObject.Failures[0].Code | Should -Be AuthInvalid
    }

    It 'keeps the token out of the archive, objects and errors' {
        $all = & { Invoke-ArtifactSync -Project group/app -Issue 1; Get-Failure { Invoke-ArtifactSync -Project group/app -Issue 4 } } 4>&1
        ($all | Out-String) + ($all | ConvertTo-Json -Depth 6 -WarningAction Ignore) | Should -Not -Match $secret
        foreach ($file in Get-ChildItem $box.Archive -Recurse -File) {
            [System.Text.Encoding]::Latin1.GetString([System.IO.File]::ReadAllBytes($file)) | Should -Not -Match $secret
        }
    }

    It 'completes projects' {
        $null = Invoke-ArtifactSync -Project group/app -Issue 1
        Wait-Until { @(Get-Completion 'Invoke-ArtifactSync -Project gr').ForEach{ $_.CompletionText } -contains 'group/app' }
    }

    It 'ends pwsh -File with <Code> when <Why>' -ForEach @(
        @{ Why = 'all came'; Issue = '1, 2'; Code = 0 }
        @{ Why = 'one is missing'; Issue = '1, 4'; Code = 1 }
    ) {
        $run = Invoke-Script "`$ErrorActionPreference = 'Stop'`nInvoke-ArtifactSync -Project group/app -Issue $Issue -ArchivePath '$($box.Archive)'`n'went on'"
        $run.ExitCode | Should -Be $Code
        $run.Output.Contains('went on') | Should -Be ($Code -eq 0)
        $run.Output | Should -Not -Match $secret
    }

    It 'ends pwsh -Command with 1 when one is missing' {
        $null = & pwsh -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'; Invoke-ArtifactSync -Project group/app -Issue 1, 4 -ArchivePath '$($box.Archive)'" 2>&1
        $LASTEXITCODE | Should -Be 1
    }
}
