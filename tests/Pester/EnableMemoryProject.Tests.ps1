BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Enable-MemoryProject' {
    It 'writes nothing with -WhatIf' {
        Enable-MemoryProject demo -WhatIf | Should -BeNullOrEmpty
        Test-Path $box.Archive | Should -BeFalse
    }

    It 'enrolls once, under the normal form of the name' {
        $first = Enable-MemoryProject ' Demo--App '
        $first.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MemoryProject'
        $first.Project, $first.Enrolled, $first.Pending | Should -Be 'demo-app', $true, 0
        ('demo-app' | Enable-MemoryProject).EnrolledAt | Should -Be $first.EnrolledAt
        $null = Add-ArchiveMemory 'One' 'Queued' -Project demo-app
        ($first | Enable-MemoryProject).Pending | Should -Be 2
    }

    It 'refuses a blank name' {
        $null = Enable-MemoryProject ' ' -ErrorAction SilentlyContinue -ErrorVariable failure
        @($failure)[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ArtifactSync.Cmdlets.EnableMemoryProjectCommand'
    }
}
