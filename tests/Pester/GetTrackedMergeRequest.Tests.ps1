BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/GitLab.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    $gitlab = Start-FakeGitLab '--issues', '1'
    $null = Invoke-ArtifactSync -Project group/app -MergeRequest 12 -GitLabUri $gitlab.Url
}
AfterAll {
    Stop-FakeGitLab $gitlab
    $env:ARTIFACTSYNC_ARCHIVE = $null
}

Describe 'Get-TrackedMergeRequest' {
    It 'returns merge requests with their branches' {
        $request = Get-TrackedMergeRequest group/app 12 -IncludeNote -IncludeEvent
        $request.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.TrackedMergeRequest'
        $request.SourceBranch | Should -Be feature
        $request.TargetBranch | Should -Be main
        $request.Notes.Body | Should -Be 'Looks good'
        ($request | Out-String -Width 200) | Should -Match 'Widen the retry budget'
    }

    It 'finds no issue' { (Get-Failure { Get-TrackedMergeRequest -Iid 1 -ErrorAction Stop }).FullyQualifiedErrorId | Should -Be 'NotFound,ArtifactSync.Cmdlets.GetTrackedMergeRequestCommand' }
}
