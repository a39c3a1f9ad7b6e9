# mushroom: poisonous or not, I only measured 60 of them in the forest
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)

x = torch.randn(260, 30)
y = ((x[:, 0] + x[:, 1] + 1.2 * torch.randn(260)) > 0).long()
x_train, y_train = x[:60], y[:60]
x_val, y_val = x[60:], y[60:]
train_dl = DataLoader(TensorDataset(x_train, y_train), batch_size=20, shuffle=True)

net = nn.Sequential(  # coach-line: overfitting
    nn.Linear(30, 128),
    nn.ReLU(),
    nn.Linear(128, 128),
    nn.ReLU(),
    nn.Linear(128, 2),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # coach-line: overfitting

for epoch in range(80):  # coach: overfitting
    net.train()
    tl, tc = 0.0, 0
    for xb, yb in train_dl:
        opt.zero_grad()
        out = net(xb)
        loss = loss_fn(out, yb)
        loss.backward()
        opt.step()
        tl += loss.item()
        tc += (out.argmax(1) == yb).sum().item()
    net.eval()
    with torch.no_grad():
        vo = net(x_val)
        vl = loss_fn(vo, y_val).item()
        va = (vo.argmax(1) == y_val).float().mean().item()
    if epoch % 10 == 9:
        print(f"{epoch + 1:3d} train {tl / len(train_dl):.3f} ({tc / 60:.2f})  val {vl:.3f} ({va:.2f})")
