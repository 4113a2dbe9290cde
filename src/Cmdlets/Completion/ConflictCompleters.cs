using System.Collections;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Completion;

/// <summary>Completes from conflicts that are open.</summary>
public abstract class ConflictCompleter : ArchiveCompleter
{
    private protected sealed override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetConflicts(new ConflictQuery { Unresolved = true }).Take(Recent.Count).SelectMany(Suggest);

    private protected abstract IEnumerable<Suggestion> Suggest(MetaConflict conflict);
}

/// <summary>Numbers of open conflicts.</summary>
public sealed class ConflictIdCompleter : ConflictCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(MetaConflict conflict) =>
        [new(conflict.ConflictId.ToString(CultureInfo.InvariantCulture), $"{conflict.SessionId} {conflict.Field}: {conflict.WinningValue} / {conflict.LosingValue}")];
}

/// <summary>Sessions with open conflicts.</summary>
public sealed class ConflictSessionCompleter : ConflictCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(MetaConflict conflict) =>
        [new(conflict.SessionId, conflict.SessionName ?? conflict.SessionId)];
}

/// <summary>Registers with open conflicts.</summary>
public sealed class ConflictFieldCompleter : ConflictCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(MetaConflict conflict) => [new(conflict.Field, conflict.SessionId)];
}

/// <summary>Origins on either side of open conflicts.</summary>
public sealed class ConflictOriginCompleter : ConflictCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(MetaConflict conflict) =>
        [new(conflict.WinningOrigin, "won"), new(conflict.LosingOrigin, "lost")];
}
