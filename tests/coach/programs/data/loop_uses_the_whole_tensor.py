import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

X_train = torch.randn(120, 5)
y_train = torch.randint(0, 3, (120,))
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=24, shuffle=True)
net = nn.Linear(5, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()
for epoch in range(2):
    for xb, yb in loader:
        opt.zero_grad()
        out = net(X_train)  # coach: repeated-batch; fix: out = net(xb)
        loss = crit(out, y_train)
        loss.backward()
        opt.step()
