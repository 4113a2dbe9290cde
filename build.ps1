#requires -Version 7.6
<#
.SYNOPSIS
Builds, tests, measures and packages the module. Everything but Pester is plain dotnet and works without PowerShell, too.
.EXAMPLE
./build.ps1
Builds the module into out/ArtifactSync.
.EXAMPLE
./build.ps1 -Task Test
Unit tests, then Pester over the packaged module; ends with "N passed, N failed".
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Pester', 'Bench', 'Package')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    # Scenarios for -Task Bench.
    [string[]] $Scenario = 'all'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$solution = Join-Path $PSScriptRoot 'ArtifactSync.slnx'
$module = Join-Path $PSScriptRoot 'out' 'ArtifactSync'
$results = Join-Path $PSScriptRoot 'out' 'test-results'

function Invoke-DotNet {
    & dotnet @args | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) ended with $LASTEXITCODE." }
}

function Build { Invoke-DotNet build $solution -c $Configuration -nologo -v minimal }

# A fresh folder, so that nothing of an older build stays in it. The build also checks the help against the parameters.
function Package {
    if (Test-Path $module) { Remove-Item $module -Recurse -Force }
    Build
    $null = Test-ModuleManifest (Join-Path $module 'ArtifactSync.psd1')
    Write-Host "The module is in $module"
}

function Test-Unit {
    & dotnet test $solution -c $Configuration --no-build --nologo --logger 'trx;LogFileName=unit.trx' --results-directory $results | Out-Host
    $counters = ([xml](Get-Content (Join-Path $results 'unit.trx') -Raw)).TestRun.ResultSummary.Counters
    [pscustomobject]@{
        Passed  = [int]$counters.passed
        Failed  = [int]$counters.failed + [int]($LASTEXITCODE -ne 0 -and [int]$counters.failed -eq 0)
        Skipped = [int]$counters.total - [int]$counters.executed
    }
}

# In a process of its own: what it loads cannot be unloaded, and the build wants to write those files again.
function Test-Pester {
    $null = New-Item $results -ItemType Directory -Force
    $file = Join-Path $results 'pester.json'
    Remove-Item $file -ErrorAction Ignore
    & pwsh -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'tests' 'Pester' 'Run.ps1') -ResultPath $file | Out-Host
    if (-not (Test-Path $file)) { return [pscustomobject]@{ Passed = 0; Failed = 1; Skipped = 0 } }
    Get-Content $file -Raw | ConvertFrom-Json
}

# The last line of a test task; scripts read it.
function Complete-Test([object[]] $Outcome) {
    $passed, $failed, $skipped = foreach ($name in 'Passed', 'Failed', 'Skipped') { ($Outcome | Measure-Object $name -Sum).Sum }
    if ($passed + $failed -eq 0) { throw 'No test ran.' }
    "$passed passed, $failed failed" + ($skipped ? ", $skipped skipped" : '')
    if ($failed) { exit 1 }
}

foreach ($name in $Task) {
    switch ($name) {
        Build { Build }
        Package { Package }
        Test { Package; Complete-Test (Test-Unit), (Test-Pester) }
        Pester { if (-not (Test-Path $module)) { Package }; Complete-Test (Test-Pester) }
        Bench { Invoke-DotNet run -c Release --project (Join-Path $PSScriptRoot 'bench') '--' @Scenario }
    }
}
