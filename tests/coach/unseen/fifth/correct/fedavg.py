import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(102)
CLIENTS, PER = 4, 128
proto = torch.randn(4, 16)


def client_data():
    y = torch.randint(0, 4, (PER,))
    return proto[y] + 0.8 * torch.randn(PER, 16), y


clients = [client_data() for _ in range(CLIENTS)]
server = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 4))


def local_update(global_model, data, epochs=2):
    local = copy.deepcopy(global_model)
    opt = torch.optim.SGD(local.parameters(), lr=0.05)
    x, y = data
    for _ in range(epochs):
        for idx in torch.randperm(PER).split(32):
            opt.zero_grad()
            loss = F.cross_entropy(local(x[idx]), y[idx])
            loss.backward()
            opt.step()
    return local.state_dict(), loss.item()


for rnd in range(5):
    states, losses = zip(*[local_update(server, d) for d in clients])
    avg = {k: sum(s[k] for s in states) / CLIENTS for k in states[0]}
    server.load_state_dict(avg)
    print(rnd, sum(losses) / CLIENTS)
