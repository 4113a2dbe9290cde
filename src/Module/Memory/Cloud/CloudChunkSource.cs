using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>The chunks that a server keeps of a project, as an import reads them (memory spec 4.4, 6.5).</summary>
internal static class CloudChunkSource
{
    /// <param name="client">At the server; the caller closes it.</param>
    /// <param name="project">Normalised.</param>
    /// <param name="before">Called before every request, with its name.</param>
    /// <param name="received">Told of the bytes of every chunk.</param>
    public static ChunkSource Of(MutationClient client, string project, Action<string> before, Action<long> received)
    {
        var name = EngramTarget.Prefix + client.ServerUrl;
        return new ChunkSource(name, MemoryTargetTable.OfProject(project), ReadEntriesAsync, OpenAsync);

        async ValueTask<IReadOnlyList<ChunkEntry>> ReadEntriesAsync(CancellationToken token)
        {
            before("manifest");
            return await client.ReadManifestAsync(project, token);
        }

        async ValueTask<ExportDocument?> OpenAsync(string id, CancellationToken token)
        {
            // A blank id would ask for the manifest. Unlike in a directory, what a server lists it has.
            before("chunk");
            var bytes = id.Length == 0 ? null : await client.ReadChunkAsync(project, id, token);
            if (bytes is not { } text)
            {
                throw new ArtifactSyncException(
                    ErrorCode.MemoryChunkInvalid, $"'{client.ServerUrl}' lists a chunk '{id}' of project '{project}' and does not have it.", id);
            }

            received(text.Length);
            try
            {
                return ExportDocument.Open(new MemoryStream(text.ToArray(), writable: false), id, token);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.MemoryDocumentInvalid)
            {
                throw new ArtifactSyncException(
                    ErrorCode.MemoryChunkInvalid, $"The chunk '{id}' of '{client.ServerUrl}' is damaged: {fault.Message}", id, fault);
            }
        }
    }
}
