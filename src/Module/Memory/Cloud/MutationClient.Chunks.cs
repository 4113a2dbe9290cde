using System.Net;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>The chunk routes of a server (memory spec 6.5).</summary>
internal sealed partial class MutationClient
{
    /// <summary>The chunks that the server keeps of a project, in the order of their arrival.</summary>
    /// <exception cref="ArtifactSyncException">TargetProtocolError: the answer is no manifest; and what every request throws.</exception>
    public async Task<IReadOnlyList<ChunkEntry>> ReadManifestAsync(string project, CancellationToken cancellationToken)
    {
        var what = $"the manifest of project '{project}'";
        using var request = new HttpRequestMessage(HttpMethod.Get, ChunkRoute("", project));
        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Refused(response, await ReadErrorAsync(response, cancellationToken), what);
        }

        var body = await ReadAsync(response, MaxAnswer, cancellationToken) ?? throw Oversized(what);
        try
        {
            return ChunkManifest.Parse(ServerUrl, body.Span);
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.MemoryChunkInvalid)
        {
            throw new ArtifactSyncException(
                ErrorCode.TargetProtocolError, $"What '{ServerUrl}' sends as {what} is none: {fault.Message} Is a memory server there?",
                ServerUrl, fault);
        }
    }

    /// <summary>The text of a chunk; null when the server does not have it.</summary>
    /// <param name="id">Checked by the caller: it becomes part of an address.</param>
    public async Task<ReadOnlyMemory<byte>?> ReadChunkAsync(string project, string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ChunkRoute("/" + id, project));
        using var response = await SendAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await ReadAsync(response, MaxAnswer, cancellationToken) ?? throw Oversized($"chunk '{id}'"),
            HttpStatusCode.NotFound => null,
            _ => throw Refused(response, await ReadErrorAsync(response, cancellationToken), $"the chunk '{id}' of project '{project}'"),
        };
    }

    /// <summary>Sends a chunk; returns the id under which the server keeps it, which need not be ours, and the size of the request.</summary>
    /// <param name="author">For people.</param>
    /// <param name="createdAt">RFC 3339.</param>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid, MemoryChunkConflict: the server will never take it;
    /// TargetProtocolError: a 200 that names no chunk; and what every request throws.</exception>
    public async Task<(string Id, long Size)> PushChunkAsync(
        CanonicalChunk chunk, string author, string createdAt, CancellationToken cancellationToken)
    {
        var body = ChunkBody(chunk, author, createdAt);
        using var request = Post("/sync/push", body);
        using var response = await SendAsync(request, cancellationToken);
        var what = $"a chunk of project '{chunk.Project}'";
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw RefusedChunk(response, await ReadErrorAsync(response, cancellationToken), what);
        }

        var answer = await ReadAsync(response, MaxErrorText, cancellationToken);
        return ServerAnswer.ReadChunkId(answer ?? default) is { } id
            ? (id, body.Length)
            : throw new ArtifactSyncException(
                ErrorCode.TargetProtocolError,
                $"'{ServerUrl}' did not say under which id it keeps {what}. Its changes stay pending; repeat the run.", ServerUrl);
    }

    private Uri ChunkRoute(string chunk, string project) => Route($"/sync/pull{chunk}?project={Uri.EscapeDataString(project)}");

    private static byte[] ChunkBody(CanonicalChunk chunk, string author, string createdAt)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("chunk_id"u8, chunk.Id);
            json.WriteString("created_by"u8, author);
            json.WriteString("client_created_at"u8, createdAt);
            json.WriteString("project"u8, chunk.Project);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(chunk.Bytes, skipInputValidation: true); // we wrote it
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private ArtifactSyncException RefusedChunk(HttpResponseMessage response, ReadOnlyMemory<byte> body, string what)
    {
        ErrorCode? code = response.StatusCode switch
        {
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge => ErrorCode.MemoryChunkInvalid,
            HttpStatusCode.Conflict when ServerAnswer.ErrorCodeOf(body) == "upgrade_repairable_chunk_conflict" => ErrorCode.MemoryChunkConflict,
            _ => null,
        };
        return code is { } known
            ? new ArtifactSyncException(
                known,
                $"'{ServerUrl}' refused {what} with {(int)response.StatusCode} ({ServerAnswer.Say(body)}). Its changes stay pending: " +
                $"Invoke-ArtifactSync -Target {EngramTarget.Prefix}{ServerUrl} sends them one by one.",
                ServerUrl)
            : Refused(response, body, what);
    }

    private ArtifactSyncException Oversized(string what) => new(
        ErrorCode.TargetProtocolError, $"What '{ServerUrl}' sends as {what} is larger than {MaxAnswer >> 20} MiB.", ServerUrl);
}
