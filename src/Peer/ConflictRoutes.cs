using ArtifactSync.Archive;
using ArtifactSync.Wire;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>Which edits of a session met others (spec 9.9, 10.6).</summary>
internal sealed class ConflictRoutes(PeerStore store) : IPeerRoutes
{
    public string Prefix => "/api/v1/sessions";

    public PeerRoute? Find(string method, IReadOnlyList<string> segments) => (method, segments) switch
    {
        ("GET", [var session, "metadata-conflicts"]) => new PeerRoute(request => ConflictsAsync(request, session)),
        _ => null,
    };

    private Task ConflictsAsync(PeerRequest request, string session)
    {
        var rows = store.Query(db => PeerTable.HasSession(db, session)
            ? PeerTable.ConflictRows(db, PeerStore.OwnOrigin(db) is { } own ? Gid.ForLocal(own, session) : session).ToList()
            : null);
        return rows is null
            ? request.ErrorAsync(StatusCodes.Status404NotFound, "session not found")
            : request.JsonAsync(StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray("conflicts");
                foreach (var row in rows)
                {
                    json.WriteStartObject();
                    foreach (var (name, value) in row)
                    {
                        json.WriteString(name, value);
                    }
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
    }
}
