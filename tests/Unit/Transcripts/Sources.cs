namespace ArtifactSync.Tests.Transcripts;

/// <summary>Transcripts written after recorded rows. The first line of a Claude file names the file and is not part of it.</summary>
internal static class Sources
{
    private const string Basic = """
        {"stem":"a1000001-0000-4000-8000-000000000001"}
        {"type":"user","sessionId":"a1000001-0000-4000-8000-000000000001","uuid":"a1000001-0001","parentUuid":null,"timestamp":"2026-06-01T10:00:05.037Z","cwd":"/work/app","gitBranch":"main","version":"2.1.9","message":{"role":"user","content":"Please add a health endpoint to the server."}}
        {"type":"assistant","sessionId":"a1000001-0000-4000-8000-000000000001","uuid":"a1000001-0002","parentUuid":"a1000001-0001","timestamp":"2026-06-01T10:00:12.074Z","requestId":"req_a10000_2","message":{"id":"msg_a10000_2","role":"assistant","model":"claude-sonnet-4-20250514","content":[{"type":"thinking","thinking":"I should look at the router first.","signature":"s"},{"type":"text","text":"Looking at the router."},{"type":"tool_use","id":"toolu_b1","name":"Read","input":{"file_path":"/work/app/src/router.ts"}}],"usage":{"input_tokens":1200,"output_tokens":85,"cache_creation_input_tokens":300,"cache_read_input_tokens":4000,"service_tier":"standard"}}}
        {"type":"user","uuid":"a1000001-0003","parentUuid":"a1000001-0002","timestamp":"2026-06-01T10:00:14.111Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_b1","content":"0123456789012345678901234567890123456"}]}}
        {"type":"assistant","uuid":"a1000001-0004","parentUuid":"a1000001-0003","timestamp":"2026-06-01T10:00:21.148Z","requestId":"req_a10000_4","message":{"id":"msg_a10000_4","role":"assistant","model":"claude-sonnet-4-20250514","content":[{"type":"text","text":"Editing."},{"type":"tool_use","id":"toolu_b2","name":"Edit","input":{"file_path":"/work/app/src/router.ts","old_string":"// router","new_string":"app.get(\"/health\")"}},{"type":"tool_use","id":"toolu_b3","name":"Bash","input":{"command":"npm test -- --run","description":"Run tests"}}],"usage":{"input_tokens":1300,"output_tokens":120,"cache_creation_input_tokens":0,"cache_read_input_tokens":5200}}}
        {"type":"user","uuid":"a1000001-0005","parentUuid":"a1000001-0004","timestamp":"2026-06-01T10:00:24Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_b2","content":"The file has been updated."}]}}
        {"type":"user","uuid":"a1000001-0006","parentUuid":"a1000001-0005","timestamp":"2026-06-01T10:00:25Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_b3","is_error":true,"content":[{"type":"text","text":"FAIL 1 test\nError: exit 1"}]}]}}
        {"type":"assistant","uuid":"a1000001-0007","parentUuid":"a1000001-0006","timestamp":"2026-06-01T10:00:32.259Z","requestId":"req_a10000_7","message":{"id":"msg_a10000_7","role":"assistant","model":"claude-sonnet-4-20250514","content":[{"type":"tool_use","id":"toolu_b4","name":"Grep","input":{"pattern":"health","path":"/work/app"}}],"usage":{"input_tokens":1400,"output_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":6000}}}
        {"type":"user","uuid":"a1000001-0008","parentUuid":"a1000001-0007","timestamp":"2026-06-01T10:00:33Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_b4","content":"src/router.ts:2: app.get(\"/health\")"}]}}
        {"type":"assistant","uuid":"a1000001-0009","parentUuid":"a1000001-0008","timestamp":"2026-06-01T10:00:41.333Z","requestId":"req_a10000_9","message":{"id":"msg_a10000_9","role":"assistant","model":"claude-sonnet-4-20250514","stop_reason":"end_turn","content":[{"type":"text","text":"Done. The endpoint is in place."}],"usage":{"input_tokens":1500,"output_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":6500}}}

        """;

    private const string Tools = """
        {"stem":"a100000f-0000-4000-8000-00000000000f"}
        {"type":"user","sessionId":"a100000f-0000-4000-8000-00000000000f","uuid":"a100000f-0001","timestamp":"2026-06-01T23:36:45.037Z","cwd":"/work/app","gitBranch":"main","version":"2.1.9","message":{"content":"many tools"}}
        {"type":"assistant","uuid":"a100000f-0002","parentUuid":"a100000f-0001","timestamp":"2026-06-01T23:36:52.074Z","requestId":"req_a10000_2","message":{"id":"msg_a10000_2","model":"claude-sonnet-4-20250514","content":[{"type":"tool_use","id":"toolu_t1","name":"Write","input":{"file_path":"/work/app/a<b>.txt","content":"x\u2028y"}},{"type":"tool_use","id":"toolu_t2","name":"mcp__tracker__create_issue","input":{"title":"T","labels":["a","b"]}},{"type":"tool_use","id":"toolu_t3","name":"Skill","input":{"skill":"review-pr","args":"17"}},{"type":"tool_use","id":"toolu_t4","name":"TodoWrite","input":{"todos":[{"content":"one","status":"pending"}]}},{"type":"tool_use","id":"toolu_t5","name":"WebFetch","input":{"url":"https://example.org/?a=1&b=2"}},{"type":"tool_use","id":"toolu_t6","name":"NotebookEdit","input":{"notebook_path":"/work/app/n.ipynb"}},{"type":"tool_use","id":"toolu_t7","name":"MultiEdit","input":{"file_path":"/work/app/m.ts","edits":[]}},{"type":"tool_use","id":"toolu_t8","name":"Unknown","input":null},{"type":"tool_use","id":"toolu_t9","name":"Read","input":{}}],"usage":{"input_tokens":9,"output_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}}}
        {"type":"user","uuid":"a100000f-0003","timestamp":"2026-06-01T23:36:53Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t1","content":[{"type":"text","text":"result 1"},{"type":"text","text":"second"}]}]}}
        {"type":"user","uuid":"a100000f-0004","timestamp":"2026-06-01T23:36:54Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t2","content":"res 2 <&>"}]}}
        {"type":"user","uuid":"a100000f-0005","timestamp":"2026-06-01T23:36:55Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t3","content":[{"type":"text","text":"result 3"},{"type":"image","source":{}},{"type":"text","text":"second"}]}]}}
        {"type":"user","uuid":"a100000f-0006","timestamp":"2026-06-01T23:36:56Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t4","content":"res 4 <&>"}]}}
        {"type":"user","uuid":"a100000f-0007","timestamp":"2026-06-01T23:36:57Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t5","content":[{"type":"image","source":{}}]}]}}
        {"type":"user","uuid":"a100000f-0008","timestamp":"2026-06-01T23:36:58Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t6","content":""}]}}
        {"type":"user","uuid":"a100000f-0009","timestamp":"2026-06-01T23:36:59Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t7"}]}}
        {"type":"user","uuid":"a100000f-0010","timestamp":"2026-06-01T23:37:01Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_t8","content":null}]}}
        {"type":"user","uuid":"a100000f-0011","timestamp":"2026-06-01T23:37:02Z","message":{"content":""}}
        {"type":"assistant","uuid":"a100000f-0011","parentUuid":"a100000f-0010","timestamp":"2026-06-01T23:37:15.407Z","requestId":"req_a10000_11","message":{"id":"msg_a10000_11","model":"claude-sonnet-4-20250514","content":[{"type":"text","text":"key AKIAIOSFODNN7EXAMPLE and done"}],"usage":{"input_tokens":9,"output_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}}}

        """;

    private const string Unicode = """
        {"stem":"a1000002-0000-4000-8000-000000000002"}
        {"type":"user","sessionId":"a1000002-0000-4000-8000-000000000002","uuid":"a1000002-0001","timestamp":"2026-06-01T11:06:45.037Z","cwd":"/work/app","gitBranch":"feature/\u00fcn\u00efcode","version":"2.1.9","message":{"content":"Emoji 😀\ud83d\udc68\u200d\ud83d\udc69 <b>&amp;</b> \"q\" \\ \/ \u2028line\u2029para nbsp\u00a0 bom\ufeff del\u007f c1\u0085 repl\ufffd cjk中文 private\ue000 last\uffff comb e\u0301"}}
        {"type":"assistant","uuid":"uni-lone","parentUuid":"a1000002-0001","timestamp":"2026-06-01T13:30:00.500+02:00","message":{"id":"msg_uni","model":"claude-opus-4-20250514","content":[{"type":"text","text":"ctl \u0000\u0001\u001b[31m tab\t nl\n cr\r end"},{"type":"tool_use","id":"toolu_u1","name":"Bash","input":{"command":"printf \"<&>\u2028\ud83d\ude00\" > /tmp/x && cat \u0007","b":1.5,"a":"z"}}],"usage":{"input_tokens":10,"output_tokens":20,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}}}
        {"type":"user","uuid":"uni-3","timestamp":"2026-06-01T11:30:02.25Z","message":{"content":[{"type":"tool_result","tool_use_id":"toolu_u1","content":"lone high \ud83d end; lone low \ude00 end; pair \ud83d\ude00; upper \uD83D\uDE01; slash \/ ; nul \u0000 ; ls \u2028"}]}}
        {"type":"assistant","uuid":"a1000002-0002","parentUuid":"uni-3","timestamp":"2026-06-01T11:06:52.074Z","requestId":"req_a10000_2","message":{"id":"msg_a10000_2","model":"claude-sonnet-4-20250514","content":[{"type":"text","text":"lone \ud800 surrogates \udfff in text"},{"type":"thinking","thinking":"th\u2028ink \u0000 <x>"}],"usage":{"input_tokens":11,"output_tokens":22,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}}}

        """;

    private static readonly string[] Empty =
    [
        """
        {"stem":"a1000003-0000-4000-8000-000000000003"}
        {"type":"summary","summary":"Nothing here","leafUuid":"x"}

        """,
        """
        {"stem":"a1000004-0000-4000-8000-000000000004"}
        {"type":"user","sessionId":"a1000004-0000-4000-8000-000000000004","uuid":"a1000004-0001","timestamp":"2026-06-01T11:40:05.037Z","cwd":"/work/app","gitBranch":"main","version":"2.1.9","message":{"content":"   "}}

        """,
        """
        {"stem":"a1000005-0000-4000-8000-000000000005"}
        {"type":"user","sessionId":"a1000005-0000-4000-8000-000000000005","uuid":"a1000005-0001","timestamp":"2026-06-01T11:56:45.037Z","cwd":"/work/app","gitBranch":"main","version":"2.1.9","message":{"content":"Only a question, never answered"}}

        """,
    ];

    public static readonly Dictionary<string, string[]> Claude = new(StringComparer.Ordinal)
    {
        ["basic"] = [Basic],
        ["tools"] = [Tools],
        ["unicode"] = [Unicode],
        ["empty"] = Empty,
    };

    public static readonly string[] Codex =
    [
        """
        {"timestamp":"2026-06-01T08:20:00.017Z","type":"session_meta","payload":{"id":"01970001-0000-7000-8000-000000000001","cwd":"/work/svc","originator":"codex_cli_rs","git":{"branch":"main"}}}
        {"timestamp":"2026-06-01T08:20:02.017Z","type":"turn_context","payload":{"cwd":"/work/svc","model":"gpt-5-codex"}}
        {"timestamp":"2026-06-01T08:20:04.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n</environment_context>"}]}}
        {"timestamp":"2026-06-01T08:20:06.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Run the test-suite & fix <errors>"}]}}
        {"timestamp":"2026-06-01T08:20:08.017Z","type":"response_item","payload":{"type":"reasoning","summary":[],"content":null,"encrypted_content":"x"}}
        {"timestamp":"2026-06-01T08:20:10.017Z","type":"response_item","payload":{"type":"function_call","name":"shell","call_id":"call_1","arguments":"{\"command\": [\"bash\", \"-lc\", \"go test ./...\"], \"workdir\": \"/work/svc\"}"}}
        {"timestamp":"2026-06-01T08:20:12.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_1","output":"{\"output\": \"FAIL\\tpkg\\n\", \"metadata\": {\"exit_code\": 1, \"duration_seconds\": 1.5}}"}}
        {"timestamp":"2026-06-01T08:20:14.017Z","type":"response_item","payload":{"type":"custom_tool_call","status":"completed","name":"apply_patch","call_id":"call_2","input":"*** Begin Patch\n*** Update File: main.go\n@@\n-a\n+b 😀\n*** End Patch"}}
        {"timestamp":"2026-06-01T08:20:16.017Z","type":"response_item","payload":{"type":"custom_tool_call_output","call_id":"call_2","output":"{\"output\": \"Success. Updated the following files:\\nM main.go\\n\", \"metadata\": {\"exit_code\": 0}}"}}
        {"timestamp":"2026-06-01T08:20:18.017Z","type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"input_tokens":12000,"cached_input_tokens":8000,"output_tokens":345}}}}
        {"timestamp":"2026-06-01T08:20:20.017Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Fixed \u2028 it."}]}}
        {"timestamp":"2026-06-01T08:20:22.017Z","type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"input_tokens":13000,"cached_input_tokens":12000,"output_tokens":45}}}}
        {"timestamp":"2026-06-01T08:20:24.017Z","type":"event_msg","payload":{"type":"task_complete"}}

        """,
        """
        {"timestamp":"2026-06-01T08:36:40.017Z","type":"session_meta","payload":{"id":"01970002-0000-7000-8000-000000000002","cwd":"/work/svc"}}
        {"timestamp":"2026-06-01T08:36:42.017Z","type":"turn_context","payload":{"model":"gpt-5"}}
        {"timestamp":"2026-06-01T08:36:44.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Use two helpers"}]}}
        {"timestamp":"2026-06-01T08:36:46.017Z","type":"response_item","payload":{"type":"function_call","name":"spawn_agent","call_id":"call_s1","arguments":"{\"message\": \"look at A\", \"agent_type\": \"explorer\"}"}}
        {"timestamp":"2026-06-01T08:36:48.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_s1","output":"{\"agent_id\": \"01970003-0000-7000-8000-000000000003\"}"}}
        {"timestamp":"2026-06-01T08:36:50.017Z","type":"response_item","payload":{"type":"function_call","name":"wait","call_id":"call_w1","arguments":"{\"ids\": [\"01970003-0000-7000-8000-000000000003\"], \"timeout_ms\": 60000}"}}
        {"timestamp":"2026-06-01T08:36:52.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_w1","output":"{\"status\": {\"01970003-0000-7000-8000-000000000003\": {\"completed\": \"A is fine <ok>\"}}, \"timed_out\": false}"}}
        {"timestamp":"2026-06-01T08:36:53.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<subagent_notification>\n{\"agent_id\": \"01970003-0000-7000-8000-000000000003\", \"status\": {\"completed\": \"A is fine <ok>\"}}\n</subagent_notification>"}]}}
        {"timestamp":"2026-06-01T08:36:54.017Z","type":"response_item","payload":{"type":"function_call","name":"close_agent","call_id":"call_c1","arguments":"{\"id\": \"01970003-0000-7000-8000-000000000003\"}"}}
        {"timestamp":"2026-06-01T08:36:56.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_c1","output":"{\"status\": \"closed\"}"}}
        {"timestamp":"2026-06-01T08:36:58.017Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"A is fine."}]}}
        {"timestamp":"2026-06-01T08:37:00.017Z","type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"input_tokens":100,"cached_input_tokens":0,"output_tokens":10}}}}

        """,
        """
        {"timestamp":"2026-06-01T08:36:42.017Z","type":"session_meta","payload":{"id":"01970003-0000-7000-8000-000000000003","cwd":"/work/svc","source":{"subagent":{"thread_spawn":{"parent_thread_id":"01970002-0000-7000-8000-000000000002","depth":1}}}}}
        {"timestamp":"2026-06-01T08:36:44.017Z","type":"turn_context","payload":{"model":"gpt-5-mini"}}
        {"timestamp":"2026-06-01T08:36:46.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"look at A"}]}}
        {"timestamp":"2026-06-01T08:36:48.017Z","type":"response_item","payload":{"type":"function_call","name":"exec_command","call_id":"call_e1","arguments":"{\"cmd\": \"ls -la\", \"yield_time_ms\": 1000}"}}
        {"timestamp":"2026-06-01T08:36:50.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_e1","output":"Chunk ID: 1\nProcess running with session ID 77\nOutput:\n"}}
        {"timestamp":"2026-06-01T08:36:52.017Z","type":"response_item","payload":{"type":"function_call","name":"write_stdin","call_id":"call_e2","arguments":"{\"session_id\": 77, \"chars\": \"y\\n\"}"}}
        {"timestamp":"2026-06-01T08:36:54.017Z","type":"response_item","payload":{"type":"function_call_output","call_id":"call_e2","output":"Process exited with code 0\nOutput:\nok"}}
        {"timestamp":"2026-06-01T08:36:56.017Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"A is fine <ok>"}]}}

        """,
        """
        {"timestamp":"2026-06-01T08:53:20.017Z","type":"session_meta","payload":{"id":"01970004-0000-7000-8000-000000000004","cwd":"/work/svc"}}
        {"timestamp":"2026-06-01T08:53:22.017Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"named thread"}]}}
        {"timestamp":"2026-06-01T08:53:24.017Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]}}

        """,
        """
        {"timestamp":"2026-06-01T09:10:00.017Z","type":"session_meta","payload":{"id":"01970005-0000-7000-8000-000000000005","cwd":"/work/svc"}}

        """,
    ];
}
