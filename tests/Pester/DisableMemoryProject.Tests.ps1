BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Disable-MemoryProject' {
    It 'ends an enrollment and keeps what was queued' {
        $null = Enable-MemoryProject demo
        $null = Add-ArchiveMemory 'One' 'Queued' -Project demo
        $before = Get-TreeState $box.Archive
        Disable-MemoryProject demo -WhatIf
        Get-TreeState $box.Archive | Should -Be $before
        $project = Disable-MemoryProject -Project Demo
        $project.Enrolled, $project.Pending | Should -Be $false, 2
        (Enable-MemoryProject demo).Pending | Should -Be 2
    }

    It 'reports a project that is not enrolled' {
        $null = Disable-MemoryProject nowhere -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure MemoryNotEnrolled DisableMemoryProjectCommand InvalidOperation nowhere
    }
}
