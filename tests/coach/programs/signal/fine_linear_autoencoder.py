import gradbook as torch
from gradbook import nn


class PCA(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        self.encoder = nn.Linear(n, k)
        self.decoder = nn.Linear(k, n)

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 3))
        self.decode = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 10))

    def forward(self, x):
        code = self.encode(x)
        return self.decode(code)


data = torch.randn(80, 3) @ torch.randn(3, 10)
for model in (PCA(10, 3), Deep()):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for i in range(12):
        loss = ((model(data) - data) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(loss.item())
