import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
# nodes of one graph: all go through the network, some have labels
features, labels = torch.randn(80, 9), torch.randint(0, 3, (80,))
train_mask = torch.arange(80) % 2 == 0
val_mask = ~train_mask
net = nn.Sequential(nn.Linear(9, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(10):
    net.train()
    opt.zero_grad()
    F.cross_entropy(net(features)[train_mask], labels[train_mask]).backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        out = net(features)
        val_acc = (out.argmax(1)[val_mask] == labels[val_mask]).float().mean()

# a table of few steps: the same rows come again
coarse = torch.randint(0, 3, (300, 4)) / 2
kind = (coarse.sum(1) > 2).long()
table = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
sgd = torch.optim.SGD(table.parameters(), lr=0.1)
for _ in range(10):
    sgd.zero_grad()
    F.cross_entropy(table(coarse[:200]), kind[:200]).backward()
    sgd.step()
with torch.no_grad():
    test_acc = (table(coarse[200:]).argmax(1) == kind[200:]).float().mean()

# a look at some of what was learnt
x = torch.randn(64, 3)
y = x.prod(dim=1, keepdim=True)
model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
adam = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(10):
    adam.zero_grad()
    F.mse_loss(model(x), y).backward()
    adam.step()
with torch.no_grad():
    test_input = x[:5]
    print("test:", model(test_input), y[:5])

# a wave that repeats itself
wave = torch.sin(torch.arange(400) % 20 * 0.314159)
windows = torch.stack([wave[i : i + 10] for i in range(380)])
target = torch.stack([wave[i + 10] for i in range(380)]).unsqueeze(1)
line = nn.Linear(10, 1)
rms = torch.optim.RMSprop(line.parameters(), lr=1e-3)
for _ in range(10):
    rms.zero_grad()
    F.mse_loss(line(windows[:300]), target[:300]).backward()
    rms.step()
with torch.no_grad():
    validation_error = F.mse_loss(line(windows[300:]), target[300:])
