BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $commands = (Get-Module ArtifactSync).ExportedCmdlets.Values | Sort-Object Name
    $cases = $commands.ForEach{ @{ Name = $_.Name } }
    $changing = $commands.Where{ $_.Parameters.ContainsKey('WhatIf') }.ForEach{ @{ Name = $_.Name } }
    $parameters = foreach ($command in $commands) {
        foreach ($parameter in $command.Parameters.Keys.Where{ $_ -notin [System.Management.Automation.Cmdlet]::CommonParameters }) {
            @{ Name = $command.Name; Parameter = $parameter }
        }
    }
}
BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'The package' {
    It 'exports exactly what the manifest lists' {
        $manifest = Import-PowerShellDataFile $ModulePath
        (Get-Module ArtifactSync).ExportedCmdlets.Keys | Sort-Object | Should -Be $manifest.CmdletsToExport
        (Get-Module ArtifactSync).ExportedFunctions.Count | Should -Be 0
        (Get-Module ArtifactSync).ExportedAliases.Count | Should -Be 0
    }

    It 'has a valid manifest for PowerShell 7.6 Core' {
        $manifest = Test-ModuleManifest $ModulePath
        $manifest.PowerShellVersion | Should -Be '7.6'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        $manifest.Tags | Should -Not -Contain 'Platforms'
        $manifest.Tags | Should -Contain 'Linux'
    }

    It 'ships SQLite for <_>' -ForEach 'win-x64', 'win-arm64', 'linux-x64', 'linux-arm64', 'linux-musl-x64', 'osx-x64', 'osx-arm64' {
        Get-ChildItem "$(Split-Path $ModulePath)/bin/runtimes/$_/native/*e_sqlite3*" | Should -HaveCount 1
    }

    It 'ships no part of PowerShell' { Get-ChildItem (Split-Path $ModulePath) -Recurse -Filter System.Management.Automation* | Should -BeNullOrEmpty }
}

Describe 'Import-Module' {
    It 'works again with -Force, and after Remove-Module' {
        $run = Invoke-Script @"
Import-Module '$ModulePath' -Force
'forced', (Get-Command -Module ArtifactSync).Count -join '='
Remove-Module ArtifactSync
Import-Module '$ModulePath'
'again', (Get-Command -Module ArtifactSync).Count -join '='
try { Get-SyncRun -ArchivePath /nowhere/at/all } catch { 'works', `$_.FullyQualifiedErrorId -join '=' }
"@
        $count = (Get-Module ArtifactSync).ExportedCmdlets.Count
        $run.Output | Should -Match "forced=$count"
        $run.Output | Should -Match "again=$count"
        $run.Output | Should -Match 'works=ArchiveNotFound'
    }

    It 'keeps its assemblies apart from a rival that is loaded already' {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $run = Invoke-Script @"
foreach (`$name in 'Microsoft.Data.Sqlite', 'SQLitePCLRaw.core', 'ArtifactSync') {
    Add-Type -TypeDefinition "[assembly: System.Reflection.AssemblyVersion(\"99.0.0.0\")] public class Rival`$(`$name.Replace('.', '')) { }" -OutputAssembly "$($box.Root)/`$name.dll"
    `$null = [System.Reflection.Assembly]::LoadFrom("$($box.Root)/`$name.dll")
}
`$null = Import-ArchiveSession $($box.Transcripts) -ArchivePath $($box.Archive)
'sessions', @(Get-ArchiveSession -ArchivePath $($box.Archive)).Count -join '='
"@.Replace('\"', '`"')
        $run.Output | Should -Match 'sessions=1'
    }

    It 'names the paths tried when the native SQLite is missing' {
        $box = New-Sandbox
        Copy-Item (Split-Path $ModulePath) "$($box.Root)/module" -Recurse
        Remove-Item "$($box.Root)/module/bin/runtimes" -Recurse
        $run = Invoke-Script @"
Remove-Module ArtifactSync
Import-Module '$($box.Root)/module/ArtifactSync.psd1'
try { Import-ArchiveSession '$($box.Transcripts)' -ArchivePath '$($box.Archive)' } catch { `$_.FullyQualifiedErrorId; `$_.CategoryInfo.Category; `$_.Exception.Message }
"@
        $run.Output | Should -Match 'NativeLibraryMissing,ArtifactSync.Cmdlets.ImportArchiveSessionCommand'
        $run.Output | Should -Match 'NotInstalled'
        $run.Output | Should -Match 'module/bin/runtimes/[^/]+/native/libe_sqlite3'
    }

    It 'works in parallel runspaces' {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $counts = 1..6 | ForEach-Object -ThrottleLimit 6 -Parallel {
            Import-Module $using:ModulePath
            @(Get-ArchiveSession -ArchivePath ($using:box).Archive).Count
        }
        $counts | Should -Be (1, 1, 1, 1, 1, 1)
    }
}

Describe 'Help' {
    It 'of <Name> is complete' -ForEach $cases {
        $help = Get-Help $Name -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match '\[-'
        $help.Description.Text | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual (Get-Command $Name).ParameterSets.Count
        $help.returnValues | Should -Not -BeNullOrEmpty
    }

    It 'of <Name> -<Parameter> has a text' -ForEach $parameters {
        (Get-Help $Name -Parameter $Parameter).Description.Text | Should -Not -BeNullOrEmpty
    }

    It 'knows the topic about_ArtifactSync with all error codes' {
        $text = Get-Content "$(Split-Path $ModulePath)/en-US/about_ArtifactSync.help.txt" -Raw
        $text | Should -Match 'ArchiveNotFound\n\s+\S'
        (Get-Help about_ArtifactSync | Out-String) | Should -Match 'archive'
    }
}

Describe 'Every cmdlet' {
    It '<Name> names its archive where there is none' -ForEach $cases.Where{ $_.Name -like 'Get-*' } {
        $box = New-Sandbox
        $class = $Name.Replace('-', '') + 'Command'
        $failure = Get-Failure { & $Name -ArchivePath $box.Archive }
        Assert-Error $failure ArchiveNotFound $class ObjectNotFound $box.Archive
        Test-Path $box.Archive | Should -BeFalse
    }

    It '<Name> takes only paths of the file system for its archive' -ForEach $cases {
        $more = switch ($Name) { 'Invoke-ArtifactSync' { @{ Target = 'x' } } 'Import-ArchiveSession' { @{ Path = $PSHOME } } 'Start-SyncPeer' { @{ Uri = 'http://127.0.0.1:0/' } } 'Stop-SyncPeer' { @{ ListenerId = 1 } } default { @{} } }
        $failure = Get-Failure { & $Name @more -ArchivePath Env:/x }
        Assert-Error $failure PathNotFileSystem ($Name.Replace('-', '') + 'Command') InvalidArgument 'Env:/x'
    }
}

Describe 'The -WhatIf sweep' {
    BeforeAll {
        $box = New-Sandbox
        New-Transcript "$($box.Transcripts)/a.jsonl"
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $null = Invoke-ArtifactSync $box.Share -Initialize -ArchivePath $box.Archive
        $null = Invoke-ArtifactSync (Get-BadTarget x), (Get-BadTarget y) -ArchivePath $box.Archive -ErrorAction SilentlyContinue
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $listener = Start-SyncPeer "http://127.0.0.1:0/" -ArchivePath $box.Archive -ReadOnly
        $calls = @{
            'Start-SyncPeer'        = { Start-SyncPeer http://127.0.0.1:0/ -ArchivePath $box.Archive -WhatIf; 'nothing is emitted' }
            'Stop-SyncPeer'         = { Stop-SyncPeer $listener -WhatIf; $listener.Status }
            'Import-ArchiveSession' = { Import-ArchiveSession $box.Transcripts -Full -ArchivePath $box.Archive -WhatIf }
            'Invoke-ArtifactSync'   = {
                Invoke-ArtifactSync $box.Share -Full -Initialize -Path $box.Transcripts -ArchivePath $box.Archive -WhatIf
                Invoke-ArtifactSync "$($box.Root)/new" -PreflightOnly -ArchivePath $box.Archive -WhatIf
                Get-SyncRun -Retryable -ArchivePath $box.Archive | Invoke-ArtifactSync -RetryFailed -WhatIf -ErrorAction SilentlyContinue
            }
        }
    }

    AfterAll { Stop-SyncPeer $listener }

    It '<Name> leaves every file of archive, share and transcripts as it was' -ForEach $changing {
        $calls.Keys | Should -Contain $Name -Because 'every cmdlet that changes something needs a call here'
        $before = Get-TreeState $box.Root
        & $calls[$Name] | Should -Not -BeNullOrEmpty
        Get-TreeState $box.Root | Should -Be $before
    }
}

Describe 'Exit codes under pwsh -File' {
    It 'are 1 after an uncaught terminating error' {
        (Invoke-Script '$ErrorActionPreference = "Stop"; Get-SyncRun -ArchivePath /nowhere/at/all; "not reached"').ExitCode | Should -Be 1
    }

    It 'are 0 after a caught one' {
        (Invoke-Script 'try { Get-SyncRun -ArchivePath /nowhere/at/all -ErrorAction Stop } catch { "caught" }').ExitCode | Should -Be 0
    }
}
