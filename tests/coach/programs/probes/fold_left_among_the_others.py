import gradbook as torch
from gradbook import nn

torch.manual_seed(4)
x = torch.randn(150, 7)
y = (x[:, 2] > 0).long()
parts = list(torch.randperm(150).chunk(3))


def pieces(i):
    others = torch.cat(parts[:i] + parts[i:])  # coach: leak-suspected; fix: parts[i + 1:]
    return others, parts[i]


def train(rows):
    net = nn.Sequential(nn.Linear(7, 20), nn.ReLU(), nn.Linear(20, 2))
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for epoch in range(6):
        for batch in rows[torch.randperm(len(rows))].split(25):
            opt.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            opt.step()
    return net


for i in range(3):
    train_rows, val_rows = pieces(i)
    net = train(train_rows)
    x_val, y_val = x[val_rows], y[val_rows]
    with torch.no_grad():
        print("validation", (net(x_val).argmax(1) == y_val).float().mean().item())
