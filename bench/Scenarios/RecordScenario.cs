using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Set-ArchiveSession on many sessions through one pipeline of a real pwsh, each edit a durable event of its own.</summary>
internal sealed class RecordScenario : IScenario
{
    public string Name => "record";

    /// <summary>Edits.</summary>
    public int DefaultCount => 1000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        if (Shell.Module is not { } module)
        {
            Console.Error.WriteLine("record: skipped, there is no pwsh or no packaged module (out/ArtifactSync)");
            yield break;
        }

        var machine = new Machine(context, "archive");
        machine.Seed(context.Count, messages: 2, length: 100);
        machine.Exchange(context.PathOf("share"));
        string archive = context.PathOf("archive");

        // Within the shell, so that its start is not counted.
        double seconds = Shell.Measure(
            $"Import-Module '{module}'; $sessions = Get-ArchiveSession -ArchivePath '{archive}'",
            "$sessions | Set-ArchiveSession -DisplayName 'A new title'");

        int events = 0;
        machine.Within(exchange => events = exchange.Store.List(exchange.OwnOrigin!, ArtifactKind.Meta).Count());
        yield return events == context.Count
            ? new BenchResult(Name, seconds, 0)
            : throw new InvalidOperationException($"{events} events instead of {context.Count}.");
    }
}
