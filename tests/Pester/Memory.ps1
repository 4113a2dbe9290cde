# What the memory test files share.
function New-MemoryExport {
    param([string] $Path, [string] $Title = 'One', [string] $Updated = '2026-04-27 09:00:00', [string] $Session = 's1')
    $document = [ordered]@{
        version = '0.1.0'
        sessions = @(@{ id = $Session; project = 'demo'; directory = '/work'; started_at = '2026-04-27 08:00:00' })
        observations = @(@{
                sync_id = 'obs-00000000000000a1'; session_id = $Session; type = 'decision'; title = $Title; content = "$Title content"
                project = 'demo'; scope = 'project'; created_at = '2026-04-27 08:10:00'; updated_at = $Updated
            })
        prompts = @(@{ sync_id = 'prompt-00000000000000b1'; session_id = $Session; content = 'Ask'; project = 'demo'; created_at = '2026-04-27 08:05:00' })
    }
    [System.IO.File]::WriteAllText($Path, ($document | ConvertTo-Json -Depth 5))
}
