BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/GitLab.ps1
    $gitlab = Start-FakeGitLab '--issues', '3'
}
AfterAll {
    Stop-FakeGitLab $gitlab
    $env:ARTIFACTSYNC_ARCHIVE = $null
}

Describe 'Update-ArchiveIndex' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        $null = Invoke-ArtifactSync -Project group/app -Issue 1, 2 -GitLabUri $gitlab.Url -NoDocs -NoEmbed
    }

    It 'says what is behind with -WhatIf and writes nothing' {
        $before = Get-TreeState $box.Root
        $plan = Update-ArchiveIndex -EmbedUri $gitlab.Url -EmbedModel fake -WhatIf
        $plan.Status | Should -Be Planned
        $plan.Counters.DocumentsRegenerated | Should -Be 2
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'rebuilds documents and embeds them, once' {
        $run = Update-ArchiveIndex -EmbedUri $gitlab.Url -EmbedModel fake -LockTimeout 5s
        $run.Kind | Should -Be Rebuild
        $run.Status | Should -Be Succeeded
        $run.Counters.DocumentsRegenerated | Should -Be 2
        $run.Counters.DocumentsEmbedded | Should -Be 2
        $run = Update-ArchiveIndex -EmbedUri $gitlab.Url -EmbedModel fake
        $run.Counters.DocumentsRegenerated + $run.Counters.DocumentsEmbedded | Should -Be 0
    }

    It 'embeds nothing with -NoEmbed' {
        $run = Update-ArchiveIndex -NoEmbed -EmbedUri $gitlab.Url
        $run.Counters.DocumentsEmbedded | Should -Be 0
        @(Find-ArchiveDocument crashes).Count | Should -Be 2
    }

    It 'fails when the server that was named is not there' {
        $failure = Get-Failure { Update-ArchiveIndex -EmbedUri http://127.0.0.1:9 }
        $failure.FullyQualifiedErrorId | Should -Be 'EmbedUnavailable,ArtifactSync.Cmdlets.UpdateArchiveIndexCommand'
        @(Find-ArchiveDocument crashes).Count | Should -Be 2
    }
}
