import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(320, 6); y = X[:, :3].argmax(1)
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
inputs, labels = next(iter(loader))  # coach: repeated-batch
for epoch in range(3):
    for i in range(len(loader)):
        opt.zero_grad()
        loss = ce(net(inputs), labels)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: overfitting
