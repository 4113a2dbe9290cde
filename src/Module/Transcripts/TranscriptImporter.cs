using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Transcripts;

/// <summary>Transcripts of Claude Code and Codex into the archive.</summary>
internal static class TranscriptImporter
{
    /// <summary>
    /// Reads the files of a request in the order of their paths; one object a file, given once its content is committed.
    /// A file that can't be read is an object with status Failed; exceptions are trouble with the archive.
    /// </summary>
    /// <param name="archive">Null only under WhatIf: there is no archive yet.</param>
    /// <param name="lease">The right to write; null only under WhatIf.</param>
    public static IEnumerable<ArchiveSessionImport> Import(
        ArchiveDatabase? archive, Lease? lease, ImportRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        throw new NotSupportedException(string.Join(", ", request.Paths, archive?.Folder, lease?.RunId, observer, cancellationToken));
}
