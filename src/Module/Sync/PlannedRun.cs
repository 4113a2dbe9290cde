using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Transcripts;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>Gathers what -WhatIf tells about an exchange.</summary>
internal sealed class PlannedRun(EngineOptions options, ExchangeRequest request)
{
    private readonly RunCounters _counters = new();
    private readonly List<SyncRunEntity> _entities = [];

    public void AddTranscripts(ArchiveDatabase? archive, IRunObserver observer, CancellationToken cancellationToken)
    {
        if (request.TranscriptPaths.Count == 0)
        {
            return;
        }
        var import = new ImportRequest { Paths = request.TranscriptPaths, Full = request.Full, WhatIf = true };
        foreach (var file in TranscriptImporter.Import(archive, null, import, observer, cancellationToken))
        {
            _counters.FilesImported += file.Status == "Imported" ? 1 : 0;
            _counters.FilesSkipped += file.Status is "Unchanged" or "Skipped" ? 1 : 0;
            _counters.FilesFailed += file.Status == "Failed" ? 1 : 0;
            _counters.MalformedLines += file.MalformedLines;
            _counters.Published += file.Added + file.Changed;
        }
    }

    public void AddPublications(ArchiveDatabase? archive)
    {
        if (archive is not null)
        {
            _counters.Published += PublicationTable.QueueLength(archive.Reader);
        }
    }

    public async Task AddExchangeAsync(ArchiveDatabase? archive, ITransport transport, CancellationToken cancellationToken)
    {
        var own = archive is null ? null : OriginAdoption.Current(archive.Reader);
        var previews = await ExchangePreview.CompareAsync(
            archive?.Reader, transport, own, (origin, fault) => Add(origin, EntityStatus.Failed, fault.Code.ToString(), fault.Message), cancellationToken);
        foreach (var preview in previews)
        {
            preview.AddTo(_counters);
            if (preview.HasWork)
            {
                Add(preview.Origin, EntityStatus.Planned, null, preview.ToString());
            }
        }
    }

    public SyncRun ToRun() => Of(options, RunKind.Exchange, request.Target, _counters) with { Entities = _entities };

    /// <summary>The object of a run that -WhatIf keeps from happening.</summary>
    public static SyncRun Of(EngineOptions options, RunKind kind, string? target, RunCounters counters)
    {
        var now = options.Clock.GetUtcNow();
        return new SyncRun
        {
            Kind = kind,
            Status = RunStatus.Planned,
            Target = target,
            Phase = "planned",
            Counters = counters,
            StartedAt = now,
            FinishedAt = now,
            Host = ProcessIdentity.Current.Host,
            ProcessId = ProcessIdentity.Current.ProcessId,
            ArchivePath = options.ArchivePath,
        };
    }

    private void Add(string origin, EntityStatus status, string? code, string message) => _entities.Add(new SyncRunEntity
    {
        EntityType = "origin",
        Key = origin,
        Stage = "plan",
        Status = status,
        ErrorCode = code,
        ErrorMessage = message,
        UpdatedAt = options.Clock.GetUtcNow(),
    });
}
