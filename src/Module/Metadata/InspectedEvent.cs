using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>What replay does with an event, seen by its bytes and name alone (spec 9.7, steps 3-9).</summary>
internal enum EventVerdict
{
    Apply,

    /// <summary>A later version: kept, its clock observed, looked at again by every run.</summary>
    Future,

    /// <summary>No event of version 1; quarantined. A better one may come under the same name only with the same bytes.</summary>
    Quarantine,

    /// <summary>A well-formed event that can never be applied; marked applied and quarantined.</summary>
    QuarantineApplied,

    /// <summary>The file is gone or damaged; the event waits until the store is whole again.</summary>
    Unreadable,
}

/// <summary>An event of the local store after reading.</summary>
/// <param name="Artifact">Where it lies.</param>
/// <param name="Verdict">What to do with it.</param>
/// <param name="Clock">Its stamp; null when it has none that can be observed.</param>
/// <param name="Entry">The edit; only to apply.</param>
/// <param name="Code">Why it is not applied.</param>
/// <param name="Reason">The same in words.</param>
internal sealed record InspectedEvent(
    ArtifactRef Artifact, EventVerdict Verdict, Hlc? Clock = null, RegisterEntry? Entry = null, ErrorCode? Code = null,
    string? Reason = null);
