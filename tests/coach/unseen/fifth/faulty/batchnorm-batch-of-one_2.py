import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
n = 257
target = torch.randint(0, 3, (n,))
vectors = torch.randn(3, 18)[target] + 0.6 * torch.randn(n, 18)


class Embedder(nn.Module):
    def __init__(self, d_in, d_hid, n_cls):
        super().__init__()
        self.fc1 = nn.Linear(d_in, d_hid, bias=False)
        self.bn = nn.BatchNorm1d(d_hid)
        self.fc2 = nn.Linear(d_hid, n_cls)

    def forward(self, v):
        return self.fc2(torch.relu(self.bn(self.fc1(v))))


model = Embedder(18, 24, 3)
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
loader = DataLoader(TensorDataset(vectors, target), batch_size=32, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
loss_fn = nn.CrossEntropyLoss()

for epoch in range(3):
    for v, t in loader:
        opt.zero_grad()
        loss = loss_fn(model(v), t)
        loss.backward()
        opt.step()
    print("epoch", epoch, loss.item())
