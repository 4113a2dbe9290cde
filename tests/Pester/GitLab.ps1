# A GitLab server on loopback for the test files of the tracker: tests/FakeGitLab, built beside the unit tests.
function Start-FakeGitLab([string[]] $Arguments) {
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', 'FakeGitLab', 'bin'))
    $program = Get-ChildItem $root -Recurse -Filter ArtifactSync.FakeGitLab.dll | Sort-Object LastWriteTime | Select-Object -Last 1
    if (-not $program) { throw 'Build tests/FakeGitLab first.' }
    $golden = if ($env:ARTIFACTSYNC_GOLDEN) { $env:ARTIFACTSYNC_GOLDEN } else { [System.IO.Path]::Combine($PSScriptRoot, '..', '..', '..', 'shared', 'golden') }
    $start = [System.Diagnostics.ProcessStartInfo]::new('dotnet')
    foreach ($argument in @($program.FullName, '--golden', [System.IO.Path]::GetFullPath("$golden/gitlab")) + $Arguments) { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    [pscustomobject]@{ Process = $process; Url = $process.StandardOutput.ReadLine() }
}

function Stop-FakeGitLab($Server) {
    $Server.Process.StandardInput.Close()
    $Server.Process.WaitForExit()
}

# Tells the server something, see tests/FakeGitLab/Program.cs.
function Set-FakeGitLab($Server, [string] $What) { $null = Invoke-RestMethod "$($Server.Url)/_control/$What" -Method Post }

function ConvertTo-Token([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }
