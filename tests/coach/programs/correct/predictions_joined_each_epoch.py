import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
x = torch.randn(256, 6)
y = (x.sum(1) > 0).long()
net = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 2))
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(5):
    order = torch.randperm(256)
    guesses = torch.zeros(0, dtype=torch.long)
    for rows in order.split(16):
        scores = net(x[rows])
        loss = nn.functional.cross_entropy(scores, y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        guesses = torch.cat([guesses, scores.detach().argmax(1)])
    print(epoch, (guesses == y[order]).float().mean().item())
