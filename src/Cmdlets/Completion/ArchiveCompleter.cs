using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Language;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Completion;

/// <summary>
/// Completes from what the archive already knows: never from the network, soon, and silent when anything is wrong,
/// because a key press is no place for an error.
/// </summary>
public abstract class ArchiveCompleter : IArgumentCompleter
{
    private const int MaxResults = 50;
    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(100);

    /// <summary>PowerShell takes each of these for a single quote.</summary>
    private const string SingleQuotes = "'\u2018\u2019\u201a\u201b";

    private const string PlainCharacters = "-_./:\\~+";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            var word = (wordToComplete ?? "").Trim('\'', '"');
            var archive = ArchiveFolder.Resolve(Text(fakeBoundParameters, "ArchivePath", "Archive"), Resolve);
            var engine = new SyncEngine(new EngineOptions { ArchivePath = archive });
            return
            [
                .. Suggest(engine, word, fakeBoundParameters)
                    .TakeWhile(_ => Stopwatch.GetElapsedTime(started) < MaxTime)
                    .Where(s => s.Value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                    .DistinctBy(s => s.Value, StringComparer.Ordinal)
                    .Take(MaxResults)
                    .Select(s => new CompletionResult(Quote(s.Value), s.Value, CompletionResultType.ParameterValue, s.Tip)),
            ];
        }
        catch (Exception)
        {
            return [];
        }
    }

    private protected abstract IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound);

    internal static string Quote(string value)
    {
        var plain = value.Length > 0 && value[0] != '-' && value.All(c => char.IsAsciiLetterOrDigit(c) || PlainCharacters.Contains(c));
        return plain ? value : "'" + string.Concat(value.Select(c => SingleQuotes.Contains(c) ? $"{c}{c}" : $"{c}")) + "'";
    }

    private static string? Text(IDictionary bound, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (bound[name] is { } value)
                return value.ToString();
        return null;
    }

    /// <summary>A completer has no session state of its own; asking the runspace costs only where the path is relative.</summary>
    private static string Resolve(string path)
    {
        if (Path.IsPathFullyQualified(path))
            return path;
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddScript("$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($args[0])").AddArgument(path);
        return shell.Invoke<string>()[0];
    }
}

/// <summary>One value to offer, and what it stands for.</summary>
internal readonly record struct Suggestion(string Value, string Tip);
