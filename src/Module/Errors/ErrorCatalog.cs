namespace ArtifactSync.Errors;

/// <summary>What to do about an error, and whether repeating the same thing can help without any other change.</summary>
public sealed record ErrorAdvice(string RecommendedAction, bool Retryable);

/// <summary>Advice for every <see cref="ErrorCode"/>: the same in ledger, error records and help.</summary>
public static class ErrorCatalog
{
    private const bool Retry = true;
    private const bool Final = false;

    private static readonly Dictionary<ErrorCode, ErrorAdvice> Rows = new()
    {
        [ErrorCode.UnexpectedError] = new("Repeat the command. If it fails again, report the inner error that the record carries.", Retry),

        [ErrorCode.InvalidArgument] = new("Correct the parameter that the message names.", Final),
        [ErrorCode.InvalidDuration] = new("Write a duration such as 7d, 12h, 1.5h or 00:30:00; not negative, and not a bare number.", Final),
        [ErrorCode.InvalidOriginId] = new("Use lower-case letters, digits and hyphens, e.g. laptop-1a2b3c; -Initialize without -OriginId makes one.", Final),
        [ErrorCode.InvalidArtifactName] = new("Leave the file: it is none of ours. If a tool renamed it, give it back its name or remove it.", Final),
        [ErrorCode.InvalidTarget] = new("Name a folder, or an address of a kind that this module knows.", Final),
        [ErrorCode.PathNotFound] = new("Check the path. -LiteralPath takes names with brackets as they are.", Final),
        [ErrorCode.PathNotFileSystem] = new("Name a file or folder; other PowerShell drives hold no transcripts or targets.", Final),
        [ErrorCode.AmbiguousCredential] = new("Run one command for each target that needs a credential of its own.", Final),

        [ErrorCode.ArchiveNotFound] = new("Check -ArchivePath and $env:ARTIFACTSYNC_ARCHIVE, or create the archive with Import-ArchiveSession.", Final),
        [ErrorCode.ArchiveBusy] = new("Another program uses the database. Repeat the command when it is done.", Retry),
        [ErrorCode.ArchiveCorrupt] = new("Restore the archive from a backup, or start a new one and fetch its sessions back from a target.", Final),
        [ErrorCode.ArchiveVersionUnsupported] = new("Update the module when a newer one wrote the archive; bring an older archive up by any command that writes.", Final),
        [ErrorCode.ArchiveReadOnly] = new("Give this account the right to write to the archive folder.", Retry),
        [ErrorCode.DiskFull] = new("Free space on the disk that the message names, then repeat the command.", Retry),
        [ErrorCode.NativeLibraryMissing] = new("Install the library that the message names (libzstd1 on Debian), or build the package with -p:ManagedZstd=true.", Final),
        [ErrorCode.LeaseHeld] = new("Another command writes to the archive. Wait for it, or give -LockTimeout more time.", Retry),
        [ErrorCode.LeaseLost] = new("Another command took the archive over because this one did not answer. Repeat the command.", Retry),

        [ErrorCode.OriginMissing] = new("Run Invoke-ArtifactSync once with -Initialize.", Final),
        [ErrorCode.OriginMismatch] = new("The archive keeps the origin that it has: leave -OriginId out, or name another archive.", Final),
        [ErrorCode.OriginCloned] = new("This archive is a copy of another machine's. Either only one of them goes on, or this one takes a new origin.", Final),
        [ErrorCode.OriginPair] = new("Adopt another origin: its id and that of a known one differ by an ending that exchanges cannot tell apart.", Final),

        [ErrorCode.RunNotFound] = new("List the runs with Get-SyncRun, and check -ArchivePath.", Final),
        [ErrorCode.RunCrashed] = new("The process ended before the run did. Nothing is lost: repeat it with -RetryFailed.", Retry),
        [ErrorCode.Cancelled] = new("The run was stopped. Repeat it with -RetryFailed; it goes on where it ended.", Retry),

        [ErrorCode.TargetNotFound] = new("Check the path, and that the share or disk is mounted.", Retry),
        [ErrorCode.TargetNotDirectory] = new("A file is where a folder is expected. Name a folder.", Final),
        [ErrorCode.TargetOverlap] = new("Name a target outside the archive, and an archive outside the target; links count.", Final),
        [ErrorCode.TargetIsSelf] = new("This target is the archive itself. Name another one.", Final),
        [ErrorCode.TargetReadOnly] = new("Give this account the right to write to the target.", Retry),
        [ErrorCode.TargetUnreachable] = new("Check the network and the address, then repeat the run.", Retry),
        [ErrorCode.TargetListingInvalid] = new("The target did not list its content completely. Repeat the run; nothing was taken for deleted.", Retry),
        [ErrorCode.TargetEntryInvalid] = new("Something at the target has a name or kind that is not allowed there, such as a link. Remove it.", Retry),
        [ErrorCode.AccessDenied] = new("Give this account the rights that the message names.", Retry),
        [ErrorCode.TransferIncomplete] = new("Repeat the run; it sends what is missing.", Retry),

        [ErrorCode.ArtifactNotFound] = new("Repeat the run when the machine that publishes it has exchanged again.", Retry),
        [ErrorCode.ArtifactTooLarge] = new("It exceeds a limit of the format and is left out. Nothing else is affected.", Final),
        [ErrorCode.ArtifactCorrupt] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [ErrorCode.HashMismatch] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [ErrorCode.DocumentInvalid] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [ErrorCode.DocumentNotCanonical] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [ErrorCode.DocumentLimitExceeded] = new("It exceeds a limit of the format and is left out. Nothing else is affected.", Final),
        [ErrorCode.FutureVersion] = new("A newer version of this module published it. Update the module; it is kept until then.", Retry),
        [ErrorCode.CheckpointConflict] = new("Two different files bear one number, which happens when a machine was cloned. Give one of them a new origin.", Final),
        [ErrorCode.CheckpointIncomplete] = new("Part of what it names has not arrived yet. Repeat the run after the other machine has exchanged.", Retry),
        [ErrorCode.SequenceExhausted] = new("This origin can publish no more. Take a new origin.", Final),
        [ErrorCode.SessionExcluded] = new("The session was removed here for good and is not taken back.", Final),
        [ErrorCode.SessionNotFound] = new("List the sessions with Get-ArchiveSession; -Trashed shows those in the trash.", Final),

        [ErrorCode.ClockDrift] = new("Set the clock of the machine that the message names.", Retry),
        [ErrorCode.ClockInvalid] = new("Set the clock of this machine to the right date, then retry.", Retry),
        [ErrorCode.ClockOverflow] = new("Set the clock of this machine, then retry.", Retry),
        [ErrorCode.EventTargetMissing] = new("The session it belongs to has not arrived yet. It is applied when it does.", Retry),
        [ErrorCode.EventUnknownOp] = new("A newer version of this module wrote it. Update the module; it is kept until then.", Retry),
        [ErrorCode.EventInvalid] = new("Report it to the owner of the origin; the edit is left out.", Final),
        [ErrorCode.PublicationIncomplete] = new("Repeat the run; it finishes what an earlier one began.", Retry),

        [ErrorCode.TranscriptUnrecognized] = new("Name transcripts of Claude Code or Codex (JSON lines).", Final),
        [ErrorCode.TranscriptUnreadable] = new("Check that the file exists and that this account may read it.", Retry),
        [ErrorCode.TranscriptLineMalformed] = new("Nothing to do; the line was left out and counted.", Final),
    };

    /// <summary>Codes whose cause can pass by itself: an exchange or a surgical run that met one is worth repeating.</summary>
    public static IReadOnlyList<ErrorCode> RetryableCodes { get; } = [.. Rows.Where(r => r.Value.Retryable).Select(r => r.Key)];

    public static ErrorAdvice Find(ErrorCode code) => Rows.TryGetValue(code, out var advice) ? advice : Rows[ErrorCode.UnexpectedError];

    public static string Action(ErrorCode code) => Find(code).RecommendedAction;

    /// <summary>Advice for a code as the ledger spells it; null for null and for unknown codes.</summary>
    public static string? Action(string? code) => Enum.TryParse<ErrorCode>(code, out var known) ? Action(known) : null;

    public static bool IsRetryable(ErrorCode code) => Find(code).Retryable;

    internal static bool Has(ErrorCode code) => Rows.ContainsKey(code);
}
