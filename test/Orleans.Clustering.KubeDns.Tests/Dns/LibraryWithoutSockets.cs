using System.Net;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using DnsClient;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>What the name server says to that question; throws what a socket would have thrown.</summary>
public delegate ArraySegment<byte> AnswerBytes(ArraySegment<byte> question);

/// <summary>
/// DnsClient itself, its parser and its judgement, with answers that come from no socket. The library has no way in
/// for that, so its two message handlers are overridden in one method each, by code that is made here when the tests
/// run; only what reads the socket is left out.
/// </summary>
internal static class LibraryWithoutSockets
{
    private static readonly Assembly Library = typeof(LookupClient).Assembly;
    private static readonly ModuleBuilder Module = MakeModule();
    private static readonly Type Udp = Make("DnsUdpMessageHandler");
    private static readonly Type Tcp = Make("DnsTcpMessageHandler");

    /// <param name="answer">Given the question and whether it is asked over TCP.</param>
    public static IDnsQuery Make(Func<byte[], bool, byte[]?> answer)
    {
        object[] arguments = [DnsExchange.Options(), Handler(Udp, answer, false), Handler(Tcp, answer, true)];
        return (IDnsQuery)typeof(LookupClient)
            .GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic)
            .Single(constructor => constructor.GetParameters().Length == 3).Invoke(arguments);
    }

    private static object Handler(Type type, Func<byte[], bool, byte[]?> answer, bool tcp)
    {
        // As the library's own, which is used again and again: behind a short answer stands what was there before.
        var buffer = new byte[DnsQueryOptions.MaximumBufferSize];
        var handler = Activator.CreateInstance(type)!;
        type.GetField("Answer")!.SetValue(handler, (AnswerBytes)(question =>
        {
            var bytes = answer([.. question], tcp) ?? throw new TimeoutException();
            if (tcp && bytes.Length >= buffer.Length) return bytes;
            var length = Math.Min(bytes.Length, buffer.Length);
            bytes.AsSpan(0, length).CopyTo(buffer);
            return new ArraySegment<byte>(buffer, 0, length);
        }));
        return handler;
    }

    private static ModuleBuilder MakeModule()
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName("KubeDns.LibraryWithoutSockets"), AssemblyBuilderAccess.Run);
        var access = typeof(IgnoresAccessChecksToAttribute).GetConstructors().Single();
        assembly.SetCustomAttribute(new CustomAttributeBuilder(access, [Library.GetName().Name!]));
        return assembly.DefineDynamicModule("Handlers");
    }

    private static Type Make(string name)
    {
        var parent = Library.GetType($"DnsClient.{name}", throwOnError: true)!;
        var type = Module.DefineType($"Scripted{name}", TypeAttributes.Public | TypeAttributes.Sealed, parent);
        var answer = type.DefineField("Answer", typeof(AnswerBytes), FieldAttributes.Public);
        var overridden = parent.GetMethod("QueryAsync")!;
        var method = type.DefineMethod(
            overridden.Name, MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig,
            overridden.ReturnType, [.. overridden.GetParameters().Select(parameter => parameter.ParameterType)]);
        Write(method.GetILGenerator(), parent, answer);
        return type.CreateType();
    }

    // GetRequestData(request, writer); response = GetResponseMessage(Answer(writer.Data));
    // ValidateResponse(request, response); return Task.FromResult(response);
    private static void Write(ILGenerator il, Type parent, FieldInfo answer)
    {
        const BindingFlags any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
            | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy;
        var message = Library.GetType("DnsClient.DnsResponseMessage", throwOnError: true)!;
        var writer = Library.GetType("DnsClient.DnsDatagramWriter", throwOnError: true)!;
        il.DeclareLocal(writer);
        il.DeclareLocal(message);
        il.Emit(OpCodes.Newobj, writer.GetConstructor([])!);
        il.Emit(OpCodes.Stloc_0);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldloc_0);
        il.Emit(OpCodes.Callvirt, parent.GetMethod("GetRequestData", any)!);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, answer);
        il.Emit(OpCodes.Ldloc_0);
        il.Emit(OpCodes.Callvirt, writer.GetProperty("Data")!.GetMethod!);
        il.Emit(OpCodes.Callvirt, typeof(AnswerBytes).GetMethod("Invoke")!);
        il.Emit(OpCodes.Callvirt, parent.GetMethod("GetResponseMessage", any)!);
        il.Emit(OpCodes.Stloc_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldloc_1);
        il.Emit(OpCodes.Call, parent.GetMethod("ValidateResponse", any)!);
        il.Emit(OpCodes.Ldloc_1);
        il.Emit(OpCodes.Call, typeof(Task).GetMethod(nameof(Task.FromResult))!.MakeGenericMethod(message));
        il.Emit(OpCodes.Ret);
    }
}
