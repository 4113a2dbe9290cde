namespace ArtifactSync.Errors;

/// <summary>What to do about each code, and whether repeating the same work can help. The help topic lists the same texts.</summary>
public static class ErrorCatalog
{
    /// <summary>One or two sentences of advice; the same in ledger, error record and help.</summary>
    public static string Action(ErrorCode code) => Find(code).Action;

    /// <summary>Advice for the code that a ledger row names; a name that this version does not know has none.</summary>
    public static string? Action(string? code) => Enum.TryParse<ErrorCode>(code, out var known) ? Action(known) : null;

    /// <summary>True when the same work can succeed later, perhaps after what <see cref="Action(ErrorCode)"/> says.</summary>
    public static bool IsRetryable(ErrorCode code) => Find(code).Retryable;

    private static (string Action, bool Retryable) Find(ErrorCode code) => code switch
    {
        ErrorCode.UnexpectedError => ("Repeat the command. If it fails again, report the inner error that the record carries.", true),
        <= ErrorCode.AmbiguousCredential => (Arguments(code), false),
        <= ErrorCode.LeaseLost => Archive(code),
        <= ErrorCode.OriginPair => (Origin(code), false),
        <= ErrorCode.Cancelled => Run(code),
        <= ErrorCode.TransferIncomplete => Target(code),
        <= ErrorCode.SessionNotFound => Artifact(code),
        <= ErrorCode.PublicationIncomplete => Metadata(code),
        _ => Transcript(code),
    };

    private static string Arguments(ErrorCode code) => code switch
    {
        ErrorCode.InvalidDuration => "Write a duration such as 7d, 12h, 1.5h or 00:30:00; not negative, and not a bare number.",
        ErrorCode.InvalidOriginId => "Use lower-case letters, digits and hyphens, e.g. laptop-1a2b3c; -Initialize without -OriginId makes one.",
        ErrorCode.InvalidArtifactName => "Leave the file: it is none of ours. If a tool renamed it, give it back its name or remove it.",
        ErrorCode.InvalidTarget => "Name a folder, or an address of a kind that this module knows.",
        ErrorCode.PathNotFound => "Check the path. -LiteralPath takes names with brackets as they are.",
        ErrorCode.PathNotFileSystem => "Name a file or folder; other PowerShell drives hold no transcripts or targets.",
        ErrorCode.AmbiguousCredential => "Run one command for each target that needs a credential of its own.",
        _ => "Correct the argument that the message names.",
    };

    private static (string, bool) Archive(ErrorCode code) => code switch
    {
        ErrorCode.ArchiveNotFound => ("Check -ArchivePath and $env:ARTIFACTSYNC_ARCHIVE, or create the archive with Import-ArchiveSession.", false),
        ErrorCode.ArchiveBusy => ("Another program uses the database. Repeat the command when it is done.", true),
        ErrorCode.ArchiveCorrupt => ("Restore the archive from a backup, or start a new one and fetch its sessions back from a target.", false),
        ErrorCode.ArchiveVersionUnsupported => ("A newer version of this module wrote the archive. Update the module.", false),
        ErrorCode.ArchiveReadOnly => ("Give this account the right to write to the archive folder.", true),
        ErrorCode.DiskFull => ("Free space on the disk that the message names, then repeat the command.", true),
        ErrorCode.NativeLibraryMissing => ("Install the library that the message names (libzstd1 on Debian), or build the package with -p:ManagedZstd=true.", true),
        ErrorCode.LeaseHeld => ("Another command writes to the archive. Wait for it, or give -LockTimeout more time.", true),
        _ => ("Another command took the archive over because this one did not answer. Repeat the command.", true),
    };

    private static string Origin(ErrorCode code) => code switch
    {
        ErrorCode.OriginMissing => "Run Invoke-ArtifactSync once with -Initialize.",
        ErrorCode.OriginMismatch => "The archive keeps the origin that it has: leave -OriginId out, or name another archive.",
        ErrorCode.OriginCloned => "This archive is a copy of another machine's. Either only one of them goes on, or this one takes a new origin.",
        _ => "Choose an origin that differs from the one that the message names in more than case or separators.",
    };

    private static (string, bool) Run(ErrorCode code) => code switch
    {
        ErrorCode.RunNotFound => ("List the runs with Get-SyncRun, and check -ArchivePath.", false),
        ErrorCode.RunCrashed => ("The process ended before the run did. Nothing is lost: repeat it with -RetryFailed.", true),
        _ => ("The run was stopped. Repeat it with -RetryFailed; it goes on where it ended.", true),
    };

    private static (string, bool) Target(ErrorCode code) => code switch
    {
        ErrorCode.TargetNotFound => ("Check the path, and that the share or disk is mounted.", true),
        ErrorCode.TargetNotDirectory => ("A file is where a folder is expected. Name a folder.", false),
        ErrorCode.TargetOverlap => ("Name a target outside the archive, and an archive outside the target; links count.", false),
        ErrorCode.TargetIsSelf => ("This target is the archive itself. Name another one.", false),
        ErrorCode.TargetReadOnly => ("Give this account the right to write to the target.", true),
        ErrorCode.TargetUnreachable => ("Check the network and the address, then repeat the run.", true),
        ErrorCode.TargetListingInvalid => ("The target did not list its content completely. Repeat the run; nothing was taken for deleted.", true),
        ErrorCode.TargetEntryInvalid => ("Something at the target has a name or kind that is not allowed there, such as a link. Remove it.", true),
        ErrorCode.AccessDenied => ("Give this account the rights that the message names.", true),
        _ => ("Repeat the run; it sends what is missing.", true),
    };

    private static (string, bool) Artifact(ErrorCode code) => code switch
    {
        ErrorCode.ArtifactNotFound => ("Repeat the run when the machine that publishes it has exchanged again.", true),
        ErrorCode.FutureVersion => ("A newer version of this module published it. Update the module; it is kept until then.", true),
        ErrorCode.CheckpointIncomplete => ("Part of what it names has not arrived yet. Repeat the run after the other machine has exchanged.", true),
        ErrorCode.CheckpointConflict => ("Two different files bear one number, which happens when a machine was cloned. Give one of them a new origin.", false),
        ErrorCode.SequenceExhausted => ("This origin can publish no more. Take a new origin.", false),
        ErrorCode.SessionExcluded => ("The session was removed here for good and is not taken back.", false),
        ErrorCode.SessionTrashed => ("Restore it first: Set-ArchiveSession -Trashed $false.", false),
        ErrorCode.SessionNotFound => ("List the sessions with Get-ArchiveSession; -Trashed shows those in the trash.", false),
        ErrorCode.ArtifactTooLarge or ErrorCode.DocumentLimitExceeded => ("It exceeds a limit of the format and is left out. Nothing else is affected.", false),
        _ => ("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", true),
    };

    private static (string, bool) Metadata(ErrorCode code) => code switch
    {
        ErrorCode.ClockDrift => ("Set the clock of the machine that the message names.", true),
        ErrorCode.EventTargetMissing => ("The session it belongs to has not arrived yet. It is applied when it does.", true),
        ErrorCode.EventUnknownOp => ("A newer version of this module wrote it. Update the module; it is kept until then.", true),
        ErrorCode.PublicationIncomplete => ("Repeat the run; it finishes what an earlier one began.", true),
        _ => ("It is left out. Nothing else is affected.", false),
    };

    private static (string, bool) Transcript(ErrorCode code) => code switch
    {
        ErrorCode.TranscriptUnrecognized => ("Name transcripts of Claude Code or Codex (JSON lines).", false),
        ErrorCode.TranscriptUnreadable => ("Check that the file exists and that this account may read it.", true),
        _ => ("The damaged lines are counted and left out; the others are imported.", false),
    };
}
