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
BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
}

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
    BeforeAll {
        # What a cmdlet needs to begin: a value for each mandatory parameter of its default set, and what else it asks for.
        function Get-Enough([string] $Name) {
            $also = @{
                'Import-ArchiveMemory' = @{ Path = "$PSHOME/pwsh.runtimeconfig.json" }
                'Import-ArchiveSession' = @{ Path = $PSHOME }
                'Set-ArchiveSession' = @{ Starred = $true }
                'Start-SyncPeer' = @{ Uri = 'http://127.0.0.1:0/' }
                'Test-MemorySync' = @{ Target = 'engram+http://127.0.0.1:9' }
            }
            $enough = if ($also.ContainsKey($Name)) { $also[$Name] } else { @{} }
            $set = @((Get-Command $Name).ParameterSets | Sort-Object IsDefault -Descending)[0]
            foreach ($parameter in $set.Parameters.Where{ $_.IsMandatory -and -not $enough.ContainsKey($_.Name) }) {
                $type = $parameter.ParameterType.IsArray ? $parameter.ParameterType.GetElementType() : $parameter.ParameterType
                $enough[$parameter.Name] = if ($type -eq [switch]) { $true } elseif ($type.IsEnum) { [enum]::GetNames($type)[0] } else { '1' -as $type }
            }
            if ((Get-Command $Name).Parameters.ContainsKey('Confirm')) { $enough.Confirm = $false }
            $enough
        }
    }

    # The others begin an archive where there is none, or are handed the listener they stop.
    It '<Name> names its archive where there is none' -ForEach $cases.Where{
        $_.Name -notin 'Add-ArchiveMemory', 'Enable-MemoryProject', 'Import-ArchiveMemory', 'Import-ArchiveSession', 'Import-MemoryChunk',
            'Invoke-ArtifactSync', 'Start-SyncPeer', 'Stop-SyncPeer'
    } {
        $box = New-Sandbox
        $class = $Name.Replace('-', '') + 'Command'
        $enough = Get-Enough $Name
        $failure = Get-Failure { & $Name @enough -ArchivePath $box.Archive }
        Assert-Error $failure ArchiveNotFound $class ObjectNotFound $box.Archive
        Test-Path $box.Archive | Should -BeFalse
    }

    It '<Name> takes only paths of the file system for its archive' -ForEach $cases.Where{ $_.Name -ne 'Stop-SyncPeer' } {
        $enough = Get-Enough $Name
        $failure = Get-Failure { & $Name @enough -ArchivePath Env:/x }
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
        # Something stale, something in the quarantine, something that is none of the store.
        New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 3
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        $null = Invoke-ArtifactSync $box.Share -ArchivePath $box.Archive
        $store = "$($box.Archive)/artifacts"
        Set-Content (Get-ChildItem "$store/*/segments/*")[0] damaged
        $null = Repair-ArtifactStore -Target $box.Share -ArchivePath $box.Archive
        Set-Content "$store/strange" x
        New-Transcript "$($box.Transcripts)/b.jsonl"
        Add-SessionPin a 0 -ArchivePath $box.Archive
        New-MemoryExport "$($box.Root)/memories.json"
        $null = Import-ArchiveMemory "$($box.Root)/memories.json" -ArchivePath $box.Archive
        $null = Enable-MemoryProject demo -ArchivePath $box.Archive
        $memory = @(Get-ArchiveMemory -ArchivePath $box.Archive)[0].SyncId
        $null = Export-MemoryChunk "$($box.Root)/chunks" -ArchivePath $box.Archive
        New-MemoryExport "$($box.Root)/memories.json" -Title Newer -Updated '2026-04-28 09:00:00'
        $pair = New-ConflictPair
        $listener = Start-SyncPeer "http://127.0.0.1:0/" -ArchivePath $box.Archive -ReadOnly
        # One server knows the memories, the other lacks what was acknowledged.
        $servers = foreach ($name in 'full', 'empty') { Start-SyncPeer http://127.0.0.1:0/ -ArchivePath "$((New-Sandbox).Root)/$name" }
        $full, $peer = $servers.ForEach{ "engram+$($_.Uri.GetLeftPart('Authority'))" }
        $null = Invoke-ArtifactSync $full -ArchivePath $box.Archive
        $calls = @{
            'Add-ArchiveMemory'     = { Add-ArchiveMemory Plan Nothing -ArchivePath $box.Archive -WhatIf }
            'Disable-MemoryProject' = { Disable-MemoryProject demo -ArchivePath $box.Archive -WhatIf }
            'Enable-MemoryProject'  = { Enable-MemoryProject other -ArchivePath $box.Archive -WhatIf }
            'Export-ArchiveMemory'  = { Export-ArchiveMemory "$($box.Root)/plan.json" -ArchivePath $box.Archive -WhatIf }
            'Export-MemoryChunk'    = { Export-MemoryChunk "$($box.Root)/plan" -ArchivePath $box.Archive -WhatIf }
            'Import-ArchiveMemory'  = { Import-ArchiveMemory "$($box.Root)/memories.json" -ArchivePath $box.Archive -WhatIf }
            'Import-MemoryChunk'    = { Import-MemoryChunk "$($box.Root)/chunks" -ArchivePath $pair.Archive -WhatIf }
            'Remove-ArchiveMemory'  = { Remove-ArchiveMemory $memory -Permanent -ArchivePath $box.Archive -WhatIf }
            'Set-ArchiveMemory'     = { Set-ArchiveMemory $memory -Title Planned -ArchivePath $box.Archive -WhatIf }
            'Test-MemorySync'       = { Test-MemorySync -Target $peer -Repair -ArchivePath $box.Archive -WhatIf }
            'Add-SessionPin'        = { Get-ArchiveSession -ArchivePath $box.Archive | Add-SessionPin -Ordinal 1 -WhatIf }
            'Start-SyncPeer'        = { Start-SyncPeer http://127.0.0.1:0/ -ArchivePath $box.Archive -WhatIf }
            'Stop-SyncPeer'         = { Stop-SyncPeer $listener -WhatIf }
            'Remove-StaleArtifact'        = { Remove-StaleArtifact -Target $box.Share -GracePeriod 0 -QuarantineGracePeriod 0 -Full -ArchivePath $box.Archive -WhatIf }
            'Repair-ArtifactStore'        = { Repair-ArtifactStore -Target $box.Share -ArchivePath $box.Archive -WhatIf }
            'Reset-ArtifactStore'         = { Reset-ArtifactStore -ArchivePath $box.Archive -WhatIf }
            'Restore-QuarantinedArtifact' = { Get-QuarantinedArtifact -ArchivePath $box.Archive | Restore-QuarantinedArtifact -WhatIf }
            'Remove-QuarantinedArtifact'  = { Get-QuarantinedArtifact -ArchivePath $box.Archive | Remove-QuarantinedArtifact -WhatIf }
            'Import-ArchiveSession' = { Import-ArchiveSession $box.Transcripts -Full -ArchivePath $box.Archive -WhatIf }
            'Invoke-ArtifactSync'   = {
                Invoke-ArtifactSync $box.Share -Full -Initialize -Path $box.Transcripts -ArchivePath $box.Archive -WhatIf
                Invoke-ArtifactSync "$($box.Root)/new" -PreflightOnly -ArchivePath $box.Archive -WhatIf
                Invoke-ArtifactSync -Project group/app -Issue 7 -ArchivePath $box.Archive -WhatIf
                Get-SyncRun -Retryable -ArchivePath $box.Archive | Invoke-ArtifactSync -RetryFailed -WhatIf -ErrorAction SilentlyContinue
            }
            'Remove-ArchiveSession' = {
                Get-ArchiveSession -ArchivePath $box.Archive | Remove-ArchiveSession -WhatIf
                Get-ArchiveSession -ArchivePath $box.Archive | Remove-ArchiveSession -Everywhere -WhatIf
            }
            'Remove-SessionPin'     = { Get-ArchiveSession -ArchivePath $box.Archive | Remove-SessionPin -Ordinal 0 -WhatIf }
            'Resolve-MetaConflict'  = {
                Get-MetaConflict -ArchivePath $pair.Archive | Resolve-MetaConflict -Accept Winner -WhatIf
                Get-MetaConflict -ArchivePath $pair.Archive | Resolve-MetaConflict -Accept Loser -WhatIf
            }
            'Set-ArchiveSession'    = {
                Get-ArchiveSession -ArchivePath $box.Archive | Set-ArchiveSession -DisplayName x -Starred $true -Trashed $true -WhatIf
            }
            'Update-ArchiveIndex'   = { Update-ArchiveIndex -ArchivePath $box.Archive -WhatIf; Update-ArchiveIndex -Rebuild -ArchivePath $box.Archive -WhatIf }
        }
    }

    AfterAll { @($listener) + $servers | Stop-SyncPeer }

    It '<Name> says what it would do and leaves every file of archive, share and transcripts as it was' -ForEach $changing {
        $calls.Keys | Should -Contain $Name -Because 'every cmdlet that changes something needs a call here'
        $before = Get-TreeState $box.Root, $pair.Root
        Get-WhatIf $calls[$Name] | Should -Not -BeNullOrEmpty
        Get-TreeState $box.Root, $pair.Root | Should -Be $before
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
