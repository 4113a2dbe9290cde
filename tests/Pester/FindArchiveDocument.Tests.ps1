BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/GitLab.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $gitlab = Start-FakeGitLab '--issues', '5'
    $null = Invoke-ArtifactSync -Project group/app -Issue (1..5) -MergeRequest 12 -GitLabUri $gitlab.Url
}
AfterAll {
    Stop-FakeGitLab $gitlab
    $env:ARTIFACTSYNC_ARCHIVE = $null
}

Describe 'Find-ArchiveDocument' {
    It 'finds by words, best first, with a passage' {
        $found = Find-ArchiveDocument -Query 'retry budget'
        @($found).Count | Should -Be 1
        $found.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.ArchiveDocument'
        $found.EntityType | Should -Be merge_request
        $found.Iid | Should -Be 12
        $found.Snippet | Should -Match '«'
        ('retry budget' | Find-ArchiveDocument).Iid | Should -Be 12
    }

    It 'limits and filters' {
        @(Find-ArchiveDocument crashes -First 2).Count | Should -Be 2
        @(Find-ArchiveDocument crashes -Project group/*).Count | Should -Be 5
        Find-ArchiveDocument crashes -Project none/* | Should -BeNullOrEmpty
        (Find-ArchiveDocument 'crash*' -First 1).Score | Should -BeGreaterThan 0
    }

    It 'survives any query text' -ForEach '"', 'a AND', '(', '*', "it's", 'a "b', 'NEAR(', ':' {
        { Find-ArchiveDocument $_ -ErrorAction Stop } | Should -Not -Throw
    }

    It 'shows a table, also after remoting' {
        $all = Find-ArchiveDocument crashes
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($all))
        ($there | Out-String -Width 200) | Should -Be ($all | Out-String -Width 200)
    }
}
