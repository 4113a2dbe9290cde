using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory;

/// <summary>Imports a JSON export in one transaction of the caller (memory spec 3): any error, and nothing of it is stored.</summary>
internal sealed class JsonImport(string name, IRunObserver observer)
{
    private const int ProgressEvery = 1000;
    private long _rows;

    /// <param name="before">As in <see cref="RowMerge"/>.</param>
    /// <exception cref="ArtifactSyncException">MemoryDocumentInvalid, MemoryVersionUnsupported, MemorySessionMissing.</exception>
    public MergeCounts Run(Stream stream, ChangeContext change, Action<string, string>? before, CancellationToken cancellationToken)
    {
        var document = ExportDocument.Open(stream, name, cancellationToken);
        if (document.Version is { } version && !MemoryText.IsBlank(version) && version != ExportWriter.Version)
        {
            throw new ArtifactSyncException(
                ErrorCode.MemoryVersionUnsupported, $"'{name}' has version '{version}'; this module reads {ExportWriter.Version}.", name);
        }

        var merge = new RowMerge(change, MergeRules.Json, before);
        foreach (var row in document.Sessions())
        {
            if (MemoryText.IsBlank(row[Field.Id]))
            {
                throw new ArtifactSyncException(
                    ErrorCode.MemoryDocumentInvalid, $"'{name}' has a session without an id. Nothing of it was imported.", name);
            }

            merge.Session(row.ToSession());
            Tell("sessions", cancellationToken);
        }

        foreach (var row in document.Observations())
        {
            merge.Observation(row.ToObservation());
            Tell("observations", cancellationToken);
        }

        foreach (var row in document.Prompts())
        {
            merge.Prompt(row.ToPrompt());
            Tell("prompts", cancellationToken);
        }

        return merge.Counts;
    }

    private void Tell(string phase, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (++_rows % ProgressEvery == 0)
        {
            observer.Progress(new ProgressSnapshot(phase, name, _rows, 0, 0));
        }
    }
}
