"""OneCycleLR is stepped after every batch, as its documentation asks."""
import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import OneCycleLR
from gradbook.utils.data import DataLoader, TensorDataset


def main():
    torch.manual_seed(0)
    x = torch.randn(256, 10)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    epochs = 10
    scheduler = OneCycleLR(optimizer, max_lr=0.2, epochs=epochs, steps_per_epoch=len(loader))
    criterion = nn.CrossEntropyLoss()
    lrs = []
    for epoch in range(epochs):
        loss_sum = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            lrs.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
            loss_sum += loss.item()
        if epoch % 3 == 0:
            print(epoch, round(loss_sum / len(loader), 4))
    print("lr: start %.4f top %.4f end %.6f" % (lrs[0], max(lrs), lrs[-1]))


if __name__ == "__main__":
    main()
